//! proc-title-template: what `ps` shows for the process.

use super::settings::Config;
use super::values::Text;

/// Fills in a template: `{title}` and the other variables, `{{` for a brace. None if it is malformed or names a
/// variable that does not exist. Blanks at the ends go.
#[must_use]
pub fn expand(template: &[u8], title: &[u8], config: &Config) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.iter().position(|byte| *byte == b'{') {
        out.extend_from_slice(&rest[..open]);
        rest = &rest[open + 1..];
        if let Some(behind) = rest.strip_prefix(b"{") {
            out.push(b'{');
            rest = behind;
            continue;
        }
        let close = rest.iter().position(|byte| *byte == b'}')?;
        out.extend_from_slice(&variable(&rest[..close], title, config)?);
        rest = &rest[close + 1..];
    }
    out.extend_from_slice(rest);
    let start = out.iter().position(|byte| *byte != b' ').unwrap_or(out.len());
    let end = out.iter().rposition(|byte| *byte != b' ').map_or(start, |last| last + 1);
    Some(out[start..end].to_vec())
}

/// Whether a template is well-formed and leaves something to show even without a title.
#[must_use]
pub fn is_valid(template: &[u8], config: &Config) -> bool {
    expand(template, b"", config).is_some_and(|title| !title.is_empty())
}

fn variable(name: &[u8], title: &[u8], config: &Config) -> Option<Vec<u8>> {
    Some(match name {
        b"title" => title.to_vec(),
        b"listen-addr" => listen_address(config),
        b"server-mode" if config.cluster_enabled => b"[cluster]".to_vec(),
        b"server-mode" => Vec::new(),
        b"config-file" => config.config_file.as_ref().map_or(b"-".to_vec(), |file| file.to_vec()),
        b"port" => config.port.to_string().into_bytes(),
        b"tls-port" => config.tls_port.to_string().into_bytes(),
        b"unixsocket" => config.unixsocket.to_vec(),
        _ => return None,
    })
}

impl Config {
    /// The port to tell people: that of TLS where there is no other.
    #[must_use]
    pub fn any_port(&self) -> u16 {
        if self.port != 0 { self.port } else { self.tls_port }
    }
}

fn listen_address(config: &Config) -> Vec<u8> {
    let port = config.any_port();
    if port == 0 {
        return [b"unixsocket:", config.unixsocket.as_bytes()].concat();
    }
    let host = config.bind.first().map_or(&b"*"[..], Text::as_bytes);
    [host, b":", port.to_string().as_bytes()].concat()
}
