//! What sessions are made with: certificates, keys, authorities, versions and ciphers, read from files and options once
//! and shared by all connections. To change them is to make another; connections keep what they began with.

use super::ciphers;
use super::sessions::SessionCache;
use super::verify::ChainVerifier;
use crate::sys::errno::strerror;
use crate::sys::x509::{self, Authorities};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion, version};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Whether clients must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// It is not asked for.
    No,
    /// A client may come without; one that has any must have a good one.
    Optional,
    /// A client without is refused.
    Yes,
}

/// A certificate's file, that of its key, and the key's password.
#[derive(Debug, Clone, Copy)]
pub struct KeyPair<'a> {
    /// The certificate, and those that lead from it to an authority.
    pub certificate: &'a Path,
    /// The key.
    pub key: &'a Path,
    /// What the key is encrypted with.
    pub password: Option<&'a [u8]>,
}

/// What is wanted. A `None` leaves the choice to us.
#[derive(Debug)]
pub struct Options<'a> {
    /// Whom we show to clients.
    pub server: KeyPair<'a>,
    /// Whom we show to servers, if somebody else.
    pub client: Option<KeyPair<'a>>,
    /// File of authorities.
    pub ca_file: Option<&'a Path>,
    /// Folder of authorities.
    pub ca_folder: Option<&'a Path>,
    /// File of Diffie-Hellman parameters. It is checked, but there are no ciphers that need it.
    pub dh_params: Option<&'a Path>,
    /// Whether clients must show a certificate.
    pub auth: ClientAuth,
    /// Names of versions.
    pub protocols: Option<&'a str>,
    /// Ciphers of TLS 1.2.
    pub ciphers: Option<&'a str>,
    /// Ciphers of TLS 1.3.
    pub ciphersuites: Option<&'a str>,
    /// Our order of ciphers counts, not the client's.
    pub our_order: bool,
    /// Sessions that are kept, and for how long; none: none are.
    pub cache: Option<(usize, Duration)>,
}

/// What sessions are made with.
#[derive(Debug, Clone)]
pub struct Context {
    /// For those who connect to us.
    pub server: Arc<ServerConfig>,
    /// For those we connect to.
    pub client: Arc<ClientConfig>,
}

impl Context {
    /// Reads the files.
    ///
    /// # Errors
    /// The first thing that is wrong: a line for the log.
    pub fn new(options: &Options<'_>) -> Result<Context, String> {
        let versions = versions(options.protocols)?;
        let provider = Arc::new(provider(options)?);
        let authorities = Arc::new(authorities(options)?);
        let verifier = |mandatory| {
            Arc::new(ChainVerifier {
                authorities: Arc::clone(&authorities),
                algorithms: provider.signature_verification_algorithms,
                mandatory,
            })
        };
        let own = Arc::new(read_pair(options.server, &provider)?);
        let shown = match options.client {
            Some(pair) => Arc::new(read_pair(pair, &provider)?),
            None => Arc::clone(&own),
        };
        check_dh_params(options.dh_params)?;
        let unfit = |e: rustls::Error| format!("Failed to configure ciphers: {e}");

        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .map_err(unfit)?;
        let server = match options.auth {
            ClientAuth::No => server.with_no_client_auth(),
            auth => server.with_client_cert_verifier(verifier(auth == ClientAuth::Yes)),
        };
        let mut server = server.with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
        server.ignore_client_order = options.our_order;
        match options.cache {
            Some((size, timeout)) => {
                server.session_storage = Arc::new(SessionCache::new(size, timeout));
            }
            None => {
                server.session_storage = Arc::new(NoServerSessionStorage {});
                server.send_tls13_tickets = 0;
            }
        }

        let mut client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .map_err(unfit)?
            .dangerous()
            .with_custom_certificate_verifier(verifier(true))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        client.enable_sni = false;
        client.resumption = rustls::client::Resumption::disabled();
        Ok(Context { server: Arc::new(server), client: Arc::new(client) })
    }
}

fn versions(names: Option<&str>) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let Some(names) = names else { return Ok(vec![&version::TLS13, &version::TLS12]) };
    let mut found = Vec::new();
    for name in names.split(' ') {
        found.push(match name.to_ascii_lowercase().as_str() {
            "tlsv1.2" => &version::TLS12,
            "tlsv1.3" => &version::TLS13,
            "tlsv1" | "tlsv1.1" => {
                return Err(format!("{name} is specified in tls-protocols but not supported."));
            }
            _ => {
                return Err(
                    "Invalid tls-protocols specified. Use a combination of 'TLSv1.2' and 'TLSv1.3'.".into()
                );
            }
        });
    }
    Ok(found)
}

fn provider(options: &Options<'_>) -> Result<CryptoProvider, String> {
    let mut provider = CryptoProvider { cipher_suites: ciphers::all(), ..aws_lc_rs::default_provider() };
    let is_13 = |suite: &rustls::SupportedCipherSuite| suite.tls13().is_some();
    if let Some(list) = options.ciphers {
        let wanted = ciphers::tls12(list);
        if wanted.is_empty() {
            return Err(format!("Failed to configure ciphers: {list}"));
        }
        provider.cipher_suites.retain(is_13);
        provider.cipher_suites.extend(wanted);
    }
    if let Some(list) = options.ciphersuites {
        let mut wanted = ciphers::tls13(list);
        if wanted.is_empty() {
            return Err(format!("Failed to configure ciphersuites: {list}"));
        }
        provider.cipher_suites.retain(|suite| !is_13(suite));
        wanted.append(&mut provider.cipher_suites);
        provider.cipher_suites = wanted;
    }
    Ok(provider)
}

fn check_dh_params(path: Option<&Path>) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    let pem =
        std::fs::read(path).map_err(|e| format!("Failed to load {}: {}", path.display(), strerror(&e)))?;
    match memchr::memmem::find(&pem, b"-----BEGIN DH PARAMETERS-----") {
        Some(_) => Ok(()),
        None => Err(format!("{}: failed to read DH params.", path.display())),
    }
}

fn authorities(options: &Options<'_>) -> Result<Authorities, String> {
    let failed = |why: String| format!("Failed to configure CA certificate(s) file/directory: {why}");
    let mut authorities = Authorities::default();
    if let Some(path) = options.ca_file {
        let pem = std::fs::read(path).map_err(|e| failed(strerror(&e)))?;
        authorities.add_pem(&pem).map_err(failed)?;
    }
    if let Some(path) = options.ca_folder {
        authorities.add_folder(path).map_err(failed)?;
    }
    Ok(authorities)
}

fn read_pair(pair: KeyPair<'_>, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let certificate = |why| format!("Failed to load certificate: {}: {why}", pair.certificate.display());
    let pem = std::fs::read(pair.certificate).map_err(|e| certificate(strerror(&e)))?;
    let chain = x509::certificates(&pem).map_err(certificate)?;
    let key = |why| format!("Failed to load private key: {}: {why}", pair.key.display());
    let pem = std::fs::read(pair.key).map_err(|e| key(strerror(&e)))?;
    let der = x509::private_key(&pem, pair.password, &chain[0]).map_err(key)?;
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der));
    let signing = provider.key_provider.load_private_key(der).map_err(|e| key(e.to_string()))?;
    Ok(CertifiedKey::new(chain.into_iter().map(CertificateDer::from).collect(), signing))
}
