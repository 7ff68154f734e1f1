//! Ciphers by the names that OpenSSL gives them, since redis.conf does.
//!
//! `tls-ciphers` is a little language: words between colons, commas or blanks, each of which adds the ciphers that it
//! stands for at the end of the list, or with `-` takes them out, with `!` for good, with `+` moves them to the end. A word
//! may be several joined by `+`: what all of them stand for. Words that stand for nothing we have are passed over, as
//! OpenSSL does; what remains must not be empty.

use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite as suite;

/// A cipher of TLS 1.2 and the words that it goes by beside its name.
struct Named {
    name: &'static str,
    kinds: &'static [&'static str],
    suite: SupportedCipherSuite,
}

macro_rules! named {
    ($name:literal, $suite:ident, $($kind:literal)*) => {
        Named { name: $name, kinds: &[$($kind),*], suite: suite::$suite }
    };
}

/// Those that we have, best first.
static TLS12: [Named; 6] = [
    named!("ECDHE-ECDSA-AES256-GCM-SHA384", TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "aECDSA" "ECDSA" "AES" "AES256" "AESGCM"),
    named!("ECDHE-RSA-AES256-GCM-SHA384", TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "aRSA" "AES" "AES256" "AESGCM"),
    named!("ECDHE-ECDSA-CHACHA20-POLY1305", TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "aECDSA" "ECDSA" "CHACHA20"),
    named!("ECDHE-RSA-CHACHA20-POLY1305", TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "aRSA" "CHACHA20"),
    named!("ECDHE-ECDSA-AES128-GCM-SHA256", TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "aECDSA" "ECDSA" "AES" "AES128" "AESGCM"),
    named!("ECDHE-RSA-AES128-GCM-SHA256", TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "aRSA" "AES" "AES128" "AESGCM"),
];

/// Words that stand for all of them.
const EVERY: [&str; 10] =
    ["ALL", "DEFAULT", "HIGH", "ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH", "TLSv1.2", "FIPS"];

static TLS13: [(&str, SupportedCipherSuite); 3] = [
    ("TLS_AES_256_GCM_SHA384", suite::TLS13_AES_256_GCM_SHA384),
    ("TLS_CHACHA20_POLY1305_SHA256", suite::TLS13_CHACHA20_POLY1305_SHA256),
    ("TLS_AES_128_GCM_SHA256", suite::TLS13_AES_128_GCM_SHA256),
];

impl Named {
    fn is(&self, word: &str) -> bool {
        let standard = || format!("{:?}", self.suite.suite()) == word;
        self.name == word || EVERY.contains(&word) || self.kinds.contains(&word) || standard()
    }
}

/// What `tls-ciphers` names; empty: nothing that we have.
#[must_use]
pub fn tls12(list: &str) -> Vec<SupportedCipherSuite> {
    let mut active: Vec<usize> = Vec::new();
    let mut killed = [false; TLS12.len()];
    for word in list.split([':', ',', ' ', ';']).filter(|word| !word.is_empty() && !word.starts_with('@')) {
        let (what, word) = match word.as_bytes()[0] {
            sign @ (b'-' | b'!' | b'+') => (sign, &word[1..]),
            _ => (b' ', word),
        };
        let means = |at: usize| word.split('+').all(|part| TLS12[at].is(part));
        let meant: Vec<usize> = (0..TLS12.len()).filter(|at| means(*at)).collect();
        match what {
            b'-' => active.retain(|at| !meant.contains(at)),
            b'!' => {
                active.retain(|at| !meant.contains(at));
                meant.iter().for_each(|at| killed[*at] = true);
            }
            b'+' => active.sort_by_key(|at| meant.contains(at)),
            _ => {
                let fresh = meant.into_iter().filter(|at| !killed[*at]);
                let fresh: Vec<usize> = fresh.filter(|at| !active.contains(at)).collect();
                active.extend(fresh);
            }
        }
    }
    active.into_iter().map(|at| TLS12[at].suite).collect()
}

/// What `tls-ciphersuites` names, in its order; empty: nothing that we have.
#[must_use]
pub fn tls13(list: &str) -> Vec<SupportedCipherSuite> {
    list.split(':')
        .filter_map(|word| TLS13.iter().find(|(name, _)| *name == word.trim()).map(|(_, suite)| *suite))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<&'static str> {
        let name = |s: SupportedCipherSuite| TLS12.iter().find(|n| n.suite == s).map(|n| n.name);
        tls12(list).into_iter().filter_map(name).collect()
    }

    #[test]
    fn names_are_taken_in_their_order_and_unknown_ones_passed_over() {
        assert_eq!(
            names("ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA:ECDHE-RSA-AES256-GCM-SHA384"),
            ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]
        );
        assert_eq!(names("AES128-SHA256"), [""; 0]);
        assert_eq!(names("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), ["ECDHE-RSA-AES128-GCM-SHA256"]);
    }

    #[test]
    fn words_stand_for_several_and_can_take_away() {
        assert_eq!(names("DEFAULT").len(), 6);
        assert_eq!(names("DEFAULT:-AES128-SHA256").len(), 6);
        assert_eq!(names("aRSA+AESGCM"), ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"]);
        assert_eq!(names("ALL:!ECDSA:!CHACHA20:-AES256"), ["ECDHE-RSA-AES128-GCM-SHA256"]);
        assert_eq!(names("!aRSA:ALL").len(), 3);
        assert_eq!(names("aRSA:+AES256:@STRENGTH").last(), Some(&"ECDHE-RSA-AES256-GCM-SHA384"));
    }

    #[test]
    fn suites_of_tls_1_3_are_listed_by_name() {
        let two = tls13("TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384");
        assert_eq!(two, [suite::TLS13_AES_128_GCM_SHA256, suite::TLS13_AES_256_GCM_SHA384]);
        assert_eq!(tls13("none").len(), 0);
    }
}
