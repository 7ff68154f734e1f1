//! TLS.

use super::{Flags, INT_MAX, Row};
use crate::config::values::TlsAuthClients;

pub(super) static ROWS: &[Row] = &[
    Row::new("tls-port", int!(tls_port, 0, 0, 65535)),
    Row::new("tls-session-cache-size", int!(tls_session_cache_size, 20480, 0, INT_MAX)),
    Row::new("tls-session-cache-timeout", int!(tls_session_cache_timeout, 300, 0, INT_MAX)),
    Row::new("tls-session-caching", flag!(tls_session_caching, true)),
    Row::new("tls-cluster", flag!(tls_cluster, false)),
    Row::new("tls-replication", flag!(tls_replication, false)),
    Row::new("tls-auth-clients", choice!(tls_auth_clients, TlsAuthClients::Yes)),
    Row::new("tls-prefer-server-ciphers", flag!(tls_prefer_server_ciphers, false)),
    Row::new("tls-cert-file", text!(tls_cert_file)).flags(Flags::VOLATILE),
    Row::new("tls-key-file", text!(tls_key_file)).flags(Flags::VOLATILE),
    Row::new("tls-key-file-pass", text!(tls_key_file_pass)).flags(Flags::SENSITIVE),
    Row::new("tls-client-cert-file", text!(tls_client_cert_file)).flags(Flags::VOLATILE),
    Row::new("tls-client-key-file", text!(tls_client_key_file)).flags(Flags::VOLATILE),
    Row::new("tls-client-key-file-pass", text!(tls_client_key_file_pass)).flags(Flags::SENSITIVE),
    Row::new("tls-dh-params-file", text!(tls_dh_params_file)).flags(Flags::VOLATILE),
    Row::new("tls-ca-cert-file", text!(tls_ca_cert_file)).flags(Flags::VOLATILE),
    Row::new("tls-ca-cert-dir", text!(tls_ca_cert_dir)).flags(Flags::VOLATILE),
    Row::new("tls-protocols", text!(tls_protocols)),
    Row::new("tls-ciphers", text!(tls_ciphers)),
    Row::new("tls-ciphersuites", text!(tls_ciphersuites)),
];
