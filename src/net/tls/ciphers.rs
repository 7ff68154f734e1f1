//! Ciphers by the names that OpenSSL gives them, since redis.conf does.
//!
//! `tls-ciphers` is a little language: words between colons, commas or blanks, each of which adds the ciphers that it
//! stands for at the end of the list, or with `-` takes them out, with `!` for good, with `+` moves them to the end. A word
//! may be several joined by `+`: what all of them stand for. Words that stand for nothing we have are passed over, as
//! OpenSSL does; what remains must not be empty.
//!
//! **How long keys last.** The library has AES-GCM encrypt no more than 2^24 records with a key, which a busy client has
//! been sent after minutes. In TLS 1.2, where only another handshake could make new keys, it then ends the session; in 1.3
//! it makes new ones, but has the other side answer and bears no more than 32 answers without data: a subscriber that says
//! nothing would be cut off. OpenSSL counts nothing of the kind. So keys of TLS 1.2 last here as well, and those of 1.3 for
//! 2^32 records. No nonce comes twice before 2^64. What the number guards against is that a listener tells what was
//! encrypted from noise: with a chance of 2^-60 after 2^24 records of 16 KB, of 2^-44 after 2^32, which are 64,000 GB.

use rustls::crypto::aws_lc_rs::cipher_suite as suite;
use rustls::{CipherSuiteCommon, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

/// Records that are encrypted with a key of TLS 1.3 before there is a new one.
const RECORDS_OF_A_KEY: u64 = 1 << 32;

/// A cipher of TLS 1.2 and the words that it goes by beside its name.
struct Named {
    name: &'static str,
    kinds: &'static [&'static str],
    suite: SupportedCipherSuite,
}

macro_rules! named {
    ($name:literal, $suite:ident, $($kind:literal)*) => {
        Named {
            name: $name,
            kinds: &[$($kind),*],
            suite: {
                static LASTING: Tls12CipherSuite = lasting12(&suite::$suite);
                SupportedCipherSuite::Tls12(&LASTING)
            },
        }
    };
}

macro_rules! named13 {
    ($name:literal, $suite:ident) => {
        ($name, {
            static LASTING: Tls13CipherSuite = lasting13(&suite::$suite);
            SupportedCipherSuite::Tls13(&LASTING)
        })
    };
}

const fn lasting12(suite: &SupportedCipherSuite) -> Tls12CipherSuite {
    let SupportedCipherSuite::Tls12(suite) = suite else { panic!("a suite of TLS 1.2") };
    let Tls12CipherSuite { common, prf_provider, kx, sign, aead_alg } = suite;
    let common = lasting(common, u64::MAX);
    Tls12CipherSuite { common, prf_provider: *prf_provider, kx: *kx, sign, aead_alg: *aead_alg }
}

const fn lasting13(suite: &SupportedCipherSuite) -> Tls13CipherSuite {
    let SupportedCipherSuite::Tls13(suite) = suite else { panic!("a suite of TLS 1.3") };
    let Tls13CipherSuite { common, hkdf_provider, aead_alg, quic } = suite;
    let common = lasting(common, RECORDS_OF_A_KEY);
    Tls13CipherSuite { common, hkdf_provider: *hkdf_provider, aead_alg: *aead_alg, quic: *quic }
}

const fn lasting(common: &CipherSuiteCommon, records: u64) -> CipherSuiteCommon {
    let CipherSuiteCommon { suite, hash_provider, .. } = common;
    CipherSuiteCommon { suite: *suite, hash_provider: *hash_provider, confidentiality_limit: records }
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
    named13!("TLS_AES_256_GCM_SHA384", TLS13_AES_256_GCM_SHA384),
    named13!("TLS_CHACHA20_POLY1305_SHA256", TLS13_CHACHA20_POLY1305_SHA256),
    named13!("TLS_AES_128_GCM_SHA256", TLS13_AES_128_GCM_SHA256),
];

impl Named {
    fn is(&self, word: &str) -> bool {
        let standard = || format!("{:?}", self.suite.suite()) == word;
        self.name == word || EVERY.contains(&word) || self.kinds.contains(&word) || standard()
    }
}

/// All that we have, best first.
#[must_use]
pub fn all() -> Vec<SupportedCipherSuite> {
    TLS13.iter().map(|(_, suite)| *suite).chain(TLS12.iter().map(|named| named.suite)).collect()
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
    fn all_are_those_of_the_library_in_its_order_of_versions() {
        let ids = |suites: &[SupportedCipherSuite]| {
            let mut ids: Vec<u16> = suites.iter().map(|s| u16::from(s.suite())).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(ids(&all()), ids(rustls::crypto::aws_lc_rs::DEFAULT_CIPHER_SUITES));
        assert!(all().is_sorted_by_key(|suite| suite.tls13().is_none()));
    }

    #[test]
    fn keys_outlast_any_session_or_are_made_new() {
        for suite in all() {
            let (common, least) = match suite {
                SupportedCipherSuite::Tls12(suite) => (&suite.common, u64::MAX),
                SupportedCipherSuite::Tls13(suite) => (&suite.common, 1 << 32),
            };
            assert_eq!(common.confidentiality_limit, least, "{suite:?}");
        }
    }

    #[test]
    fn suites_of_tls_1_3_are_listed_by_name() {
        let two = tls13("TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384");
        assert_eq!(two, [suite::TLS13_AES_128_GCM_SHA256, suite::TLS13_AES_256_GCM_SHA384]);
        assert_eq!(tls13("none").len(), 0);
    }
}
