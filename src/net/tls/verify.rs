//! Whom we believe: a chain of certificates that leads to one of our authorities, whatever name it bears.
//!
//! Redis compares no names either: its clients and nodes go by addresses that certificates rarely hold.

use crate::sys::x509::{Authorities, Distrust, Purpose, public_key};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use std::sync::Arc;
use webpki::RawPublicKeyEntity;

/// What a server is called that we connect to: it is not sent, and not compared.
#[must_use]
pub fn any_name() -> ServerName<'static> {
    ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]))
}

/// Checks the other side's certificate, and that it has the key to it.
#[derive(Debug)]
pub struct ChainVerifier {
    /// Whose word is taken.
    pub authorities: Arc<Authorities>,
    /// The signatures that we can check.
    pub algorithms: WebPkiSupportedAlgorithms,
    /// A client without a certificate is refused.
    pub mandatory: bool,
}

impl ChainVerifier {
    fn check(
        &self,
        purpose: Purpose,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        let others: Vec<&[u8]> = others.iter().map(|der| &der[..]).collect();
        self.authorities.check(purpose, leaf, &others).map_err(|why| {
            let error = match why {
                Distrust::Issuer => CertificateError::UnknownIssuer,
                Distrust::Expired => CertificateError::Expired,
                Distrust::NotYetValid => CertificateError::NotValidYet,
                Distrust::Purpose => CertificateError::InvalidPurpose,
                Distrust::Other(why) => CertificateError::Other(OtherError(Arc::new(Refused(why)))),
            };
            error.into()
        })
    }

    fn tls12(
        &self,
        message: &[u8],
        leaf: &[u8],
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = key_of(leaf)?;
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
        let schemes = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        // In TLS 1.2 a scheme does not name the curve: whichever fits the key.
        let valid = schemes.is_some_and(|(_, algorithms)| {
            algorithms.iter().any(|a| key.verify_signature(*a, message, signed.signature()).is_ok())
        });
        if valid {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(CertificateError::BadSignature.into())
        }
    }

    fn tls13(
        &self,
        message: &[u8],
        leaf: &[u8],
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(message, &key_of(leaf)?, signed, &self.algorithms)
    }
}

/// What the log is told of a session's error.
#[must_use]
pub fn described(error: &Error) -> String {
    let Error::InvalidCertificate(error) = error else { return error.to_string() };
    let why = match error {
        CertificateError::UnknownIssuer => "unknown authority",
        CertificateError::Expired => "certificate has expired",
        CertificateError::NotValidYet => "certificate is not yet valid",
        CertificateError::InvalidPurpose => "unsuitable certificate purpose",
        CertificateError::Other(why) => &why.to_string(),
        other => &other.to_string(),
    };
    format!("certificate verify failed: {why}")
}

fn key_of(certificate: &[u8]) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let key = public_key(certificate).ok_or(CertificateError::BadEncoding)?;
    Ok(SubjectPublicKeyInfoDer::from(key))
}

/// Why a certificate is not believed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl ServerCertVerifier for ChainVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(Purpose::Server, end_entity, intermediates)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for ChainVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(Purpose::Client, end_entity, intermediates)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
