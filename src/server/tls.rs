//! TLS as the options want it: what sessions are made with is read at start and whenever an option changes, whole or
//! not at all. Connections that are open keep what they began with.

use super::Server;
use crate::config::{Config, Text, TlsAuthClients};
use crate::log_warning;
use crate::net::tls::context::{ClientAuth, Context, KeyPair, Options};
use std::time::Duration;

impl Server {
    /// Sets TLS up at start, if anything asks for it.
    ///
    /// # Errors
    /// A file or an option is no good: the text for the log.
    pub fn start_tls(&mut self) -> Result<(), String> {
        if !is_used(&self.config) {
            return Ok(());
        }
        self.set_up_tls().map_err(|()| "Failed to configure TLS. Check logs for more info.".to_owned())
    }

    /// An option of TLS has changed.
    ///
    /// # Errors
    /// The new ones cannot be put into effect; the old ones still are.
    pub(super) fn tls_changed(&mut self) -> Result<(), String> {
        if !is_used(&self.config) {
            // Read anew, should it be wanted.
            self.use_tls(None);
            return Ok(());
        }
        self.set_up_tls().map_err(|()| not_updated())
    }

    /// The TLS port has changed.
    ///
    /// # Errors
    /// TLS was not set up before, and cannot be.
    pub(super) fn tls_wanted(&mut self) -> Result<(), String> {
        if self.tls.is_some() || self.config.tls_port == 0 {
            return Ok(());
        }
        self.set_up_tls().map_err(|()| not_updated())
    }

    /// From now on sessions are made with this, MIGRATE's too.
    fn use_tls(&mut self, context: Option<Context>) {
        self.tls.clone_from(&context);
        self.migrate_links.tls = context;
    }

    fn set_up_tls(&mut self) -> Result<(), ()> {
        match context(&self.config) {
            Ok(context) => {
                self.use_tls(Some(context));
                Ok(())
            }
            Err(error) => {
                log_warning!("{error}");
                Err(())
            }
        }
    }
}

fn not_updated() -> String {
    "Unable to update TLS configuration. Check server logs.".to_owned()
}

fn is_used(config: &Config) -> bool {
    config.tls_port != 0 || config.tls_replication || config.tls_cluster
}

/// What the options make sessions with.
///
/// # Errors
/// A file or an option is no good: a line for the log.
fn context(config: &Config) -> Result<Context, String> {
    if config.tls_cert_file.is_empty() {
        return Err("No tls-cert-file configured!".into());
    }
    let Some(server) = pair(&config.tls_cert_file, &config.tls_key_file, &config.tls_key_file_pass) else {
        return Err("No tls-key-file configured!".into());
    };
    let (ca_file, ca_folder) = (config.tls_ca_cert_file.non_empty(), config.tls_ca_cert_dir.non_empty());
    let checks =
        config.tls_auth_clients != TlsAuthClients::No || config.tls_cluster || config.tls_replication;
    if checks && ca_file.is_none() && ca_folder.is_none() {
        return Err(
            "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication \
                    or tls-auth-clients are enabled!"
                .into(),
        );
    }
    let words = |text: &Text| text.non_empty().map(|text| text.to_str_lossy().into_owned());
    let (protocols, ciphers) = (words(&config.tls_protocols), words(&config.tls_ciphers));
    let ciphersuites = words(&config.tls_ciphersuites);
    let timeout = Duration::from_secs(u64::from(config.tls_session_cache_timeout));
    Context::new(&Options {
        server,
        client: pair(
            &config.tls_client_cert_file,
            &config.tls_client_key_file,
            &config.tls_client_key_file_pass,
        ),
        ca_file: ca_file.map(Text::as_path),
        ca_folder: ca_folder.map(Text::as_path),
        dh_params: config.tls_dh_params_file.non_empty().map(Text::as_path),
        auth: match config.tls_auth_clients {
            TlsAuthClients::No => ClientAuth::No,
            TlsAuthClients::Yes => ClientAuth::Yes,
            TlsAuthClients::Optional => ClientAuth::Optional,
        },
        protocols: protocols.as_deref(),
        ciphers: ciphers.as_deref(),
        ciphersuites: ciphersuites.as_deref(),
        our_order: config.tls_prefer_server_ciphers,
        cache: config.tls_session_caching.then_some((config.tls_session_cache_size as usize, timeout)),
    })
}

fn pair<'a>(certificate: &'a Text, key: &'a Text, password: &'a Text) -> Option<KeyPair<'a>> {
    let (certificate, key) = (certificate.non_empty()?.as_path(), key.non_empty()?.as_path());
    Some(KeyPair { certificate, key, password: password.non_empty().map(Text::as_bytes) })
}
