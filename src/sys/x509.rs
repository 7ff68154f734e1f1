//! Certificates and keys in files, and chains of certificates checked as C programs check them: the X.509 half of the
//! library that encrypts for us (AWS-LC, of OpenSSL's descent).
//!
//! Rust's own checker takes certificates of version 3 only, and none that stands for itself; those who ran a server with
//! OpenSSL have both. What is checked here: signatures, times, who may issue for whom, and whether a certificate is meant
//! for a client or for a server. Names are not: nobody says which are to be expected.

use aws_lc_sys as c;
use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::path::Path;
use std::ptr::{NonNull, null, null_mut};

/// Why a certificate is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// It does not lead to an authority that is.
    Issuer,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is meant for something else.
    Purpose,
    /// Anything else.
    Other(String),
}

/// What the other side is, and its certificate must be meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It connects.
    Client,
    /// It is connected to.
    Server,
}

/// A certificate.
struct Certificate(NonNull<c::X509>);

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: ours, and freed once.
        unsafe { c::X509_free(self.0.as_ptr()) }
    }
}

impl Certificate {
    fn from_der(der: &[u8]) -> Option<Certificate> {
        let mut at = der.as_ptr();
        // SAFETY: reads at most so many bytes, which live as long as the call; the result is ours.
        NonNull::new(unsafe { c::d2i_X509(null_mut(), &mut at, der.len() as c_long) }).map(Certificate)
    }

    fn to_der(&self) -> Option<Vec<u8>> {
        // SAFETY: the certificate is alive; the callee allocates when it is given no room.
        encoded(|out| unsafe { c::i2d_X509(self.0.as_ptr(), out) })
    }
}

/// What an `i2d` function of the library encodes.
fn encoded(encode: impl FnOnce(*mut *mut u8) -> c_int) -> Option<Vec<u8>> {
    let mut out: *mut u8 = null_mut();
    let len = usize::try_from(encode(&mut out)).ok()?;
    if out.is_null() {
        return None;
    }
    // SAFETY: the function has set `out` to so many bytes, which are ours to free.
    unsafe {
        let bytes = std::slice::from_raw_parts(out, len).to_vec();
        c::OPENSSL_free(out.cast());
        Some(bytes)
    }
}

/// The library's view of some bytes.
struct Bytes<'a>(NonNull<c::BIO>, std::marker::PhantomData<&'a [u8]>);

impl<'a> Bytes<'a> {
    fn new(bytes: &'a [u8]) -> Option<Bytes<'a>> {
        let len = isize::try_from(bytes.len()).ok()?;
        // SAFETY: the view only reads, and does not outlive what it views.
        let bio = unsafe { c::BIO_new_mem_buf(bytes.as_ptr().cast(), len as c::ossl_ssize_t) };
        Some(Bytes(NonNull::new(bio)?, std::marker::PhantomData))
    }
}

impl Drop for Bytes<'_> {
    fn drop(&mut self) {
        // SAFETY: ours, and freed once.
        unsafe { c::BIO_free(self.0.as_ptr()) };
    }
}

/// The first of the errors that the library has noted, as text.
fn last_error() -> String {
    let mut text = [0; 256];
    // SAFETY: the text has so much room, and is ended by a zero.
    unsafe {
        let error = c::ERR_get_error();
        c::ERR_clear_error();
        if error == 0 {
            return "unknown error".to_owned();
        }
        c::ERR_error_string_n(error, text.as_mut_ptr(), text.len());
        CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
    }
}

fn clear_errors() {
    // SAFETY: concerns this thread's list of errors only.
    unsafe { c::ERR_clear_error() }
}

/// The certificates in the text of a PEM file, as DER, in their order; at least one.
///
/// # Errors
/// There is none, or one that is broken.
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    clear_errors();
    let bytes = Bytes::new(pem).ok_or_else(last_error)?;
    let mut found = Vec::new();
    loop {
        // SAFETY: reads from the view; the result is ours. A certificate has no password to ask for.
        let one =
            unsafe { c::PEM_read_bio_X509(bytes.0.as_ptr(), null_mut(), Some(no_password), null_mut()) };
        match NonNull::new(one).map(Certificate) {
            Some(one) => found.push(one.to_der().ok_or_else(last_error)?),
            None => {
                // SAFETY: as in last_error.
                let error = unsafe { c::ERR_peek_last_error() };
                if !found.is_empty() && c::ERR_GET_REASON(error) == c::PEM_R_NO_START_LINE {
                    clear_errors();
                    return Ok(found);
                }
                return Err(last_error());
            }
        }
    }
}

unsafe extern "C" fn no_password(_: *mut c_char, _: c_int, _: c_int, _: *mut c_void) -> c_int {
    -1
}

/// Gives the password that `data` points at, an `Option<&[u8]>`.
unsafe extern "C" fn give_password(room: *mut c_char, size: c_int, _: c_int, data: *mut c_void) -> c_int {
    // SAFETY: private_key passes a pointer to such a value, which outlives the call.
    let password = unsafe { *data.cast::<Option<&[u8]>>() };
    match password {
        Some(password) if password.len() <= size as usize => {
            // SAFETY: there is room for `size` bytes.
            unsafe { std::ptr::copy_nonoverlapping(password.as_ptr(), room.cast(), password.len()) };
            password.len() as c_int
        }
        _ => -1,
    }
}

/// The private key in the text of a PEM file, encrypted or not, as PKCS #8 in DER. It must be that of the certificate.
///
/// # Errors
/// There is none, it is broken or of a kind that is not known, the password does not open it, or it is another's.
pub fn private_key(pem: &[u8], password: Option<&[u8]>, certificate: &[u8]) -> Result<Vec<u8>, String> {
    clear_errors();
    let bytes = Bytes::new(pem).ok_or_else(last_error)?;
    let mut password = password;
    // SAFETY: reads from the view; the callback gets the pointer during the call only. The result is ours.
    let key = unsafe {
        let data = (&raw mut password).cast();
        c::PEM_read_bio_PrivateKey(bytes.0.as_ptr(), null_mut(), Some(give_password), data)
    };
    let key = Key(NonNull::new(key).ok_or_else(last_error)?);
    let certificate = Certificate::from_der(certificate).ok_or_else(last_error)?;
    // SAFETY: both are alive.
    if unsafe { c::X509_check_private_key(certificate.0.as_ptr(), key.0.as_ptr()) } != 1 {
        return Err(last_error());
    }
    // SAFETY: the key is alive; the info is ours, and freed once.
    unsafe {
        let info = c::EVP_PKEY2PKCS8(key.0.as_ptr());
        if info.is_null() {
            return Err(last_error());
        }
        let der = encoded(|out| c::i2d_PKCS8_PRIV_KEY_INFO(info, out));
        c::PKCS8_PRIV_KEY_INFO_free(info);
        der.ok_or_else(last_error)
    }
}

struct Key(NonNull<c::EVP_PKEY>);

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: ours, and freed once.
        unsafe { c::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

/// A certificate's public key with its kind, as DER.
#[must_use]
pub fn public_key(certificate: &[u8]) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(certificate)?;
    // SAFETY: the key is the certificate's and lives as long.
    encoded(|out| unsafe { c::i2d_X509_PUBKEY(c::X509_get_X509_PUBKEY(certificate.0.as_ptr()), out) })
}

/// Those whose word is taken: certificates, one by one or in a folder.
#[derive(Debug)]
pub struct Authorities(NonNull<c::X509_STORE>);

// SAFETY: the store counts its users and locks itself; it is changed by `&mut self` only.
unsafe impl Send for Authorities {}
// SAFETY: as above; checking only reads it.
unsafe impl Sync for Authorities {}

impl Drop for Authorities {
    fn drop(&mut self) {
        // SAFETY: ours, and freed once.
        unsafe { c::X509_STORE_free(self.0.as_ptr()) }
    }
}

impl Default for Authorities {
    fn default() -> Self {
        // SAFETY: needs nothing.
        let store = unsafe { c::X509_STORE_new() };
        Authorities(NonNull::new(store).expect("memory for a store of certificates"))
    }
}

impl Authorities {
    /// Adds all certificates in the text of a PEM file.
    ///
    /// # Errors
    /// There is none, or one that is broken.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), String> {
        for der in certificates(pem)? {
            let certificate = Certificate::from_der(&der).ok_or_else(last_error)?;
            // SAFETY: the store takes a share of the certificate.
            if unsafe { c::X509_STORE_add_cert(self.0.as_ptr(), certificate.0.as_ptr()) } != 1 {
                return Err(last_error());
            }
        }
        Ok(())
    }

    /// Adds a folder in which certificates are looked for when they are needed, by names made of their subjects.
    ///
    /// # Errors
    /// The path cannot be one.
    pub fn add_folder(&mut self, path: &Path) -> Result<(), String> {
        use std::os::unix::ffi::OsStrExt;
        let path = CString::new(path.as_os_str().as_bytes()).map_err(|e| e.to_string())?;
        clear_errors();
        // SAFETY: the path is a C string that outlives the call.
        let done = unsafe { c::X509_STORE_load_locations(self.0.as_ptr(), null(), path.as_ptr()) };
        if done == 1 { Ok(()) } else { Err(last_error()) }
    }

    /// Checks a certificate, with others that came along and may lead to one of ours.
    ///
    /// # Errors
    /// Why it is not to be trusted.
    pub fn check(&self, purpose: Purpose, certificate: &[u8], others: &[&[u8]]) -> Result<(), Distrust> {
        clear_errors();
        let broken = || Distrust::Other("broken certificate".into());
        let certificate = Certificate::from_der(certificate).ok_or_else(broken)?;
        let others: Vec<Certificate> =
            others.iter().map(|der| Certificate::from_der(der)).collect::<Option<_>>().ok_or_else(broken)?;
        let default = match purpose {
            Purpose::Client => c"ssl_client",
            Purpose::Server => c"ssl_server",
        };
        // SAFETY: the stack borrows the certificates, which outlive it; the context borrows stack, store and
        // certificate, and is freed before them.
        unsafe {
            let stack = c::OPENSSL_sk_new_null();
            let context = c::X509_STORE_CTX_new();
            let mut ready = !stack.is_null() && !context.is_null();
            for other in &others {
                ready = ready && c::OPENSSL_sk_push(stack, other.0.as_ptr().cast()) != 0;
            }
            ready = ready
                && c::X509_STORE_CTX_init(context, self.0.as_ptr(), certificate.0.as_ptr(), stack.cast())
                    == 1
                && c::X509_STORE_CTX_set_default(context, default.as_ptr()) == 1;
            let result = if !ready {
                Err(Distrust::Other(last_error()))
            } else if c::X509_verify_cert(context) == 1 {
                Ok(())
            } else {
                Err(match c::X509_STORE_CTX_get_error(context) {
                    c::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
                    | c::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
                    | c::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
                    | c::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
                    | c::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN => Distrust::Issuer,
                    c::X509_V_ERR_CERT_HAS_EXPIRED => Distrust::Expired,
                    c::X509_V_ERR_CERT_NOT_YET_VALID => Distrust::NotYetValid,
                    c::X509_V_ERR_INVALID_PURPOSE => Distrust::Purpose,
                    error => {
                        let text = c::X509_verify_cert_error_string(c_long::from(error));
                        Distrust::Other(CStr::from_ptr(text).to_string_lossy().into_owned())
                    }
                })
            };
            c::X509_STORE_CTX_free(context);
            c::OPENSSL_sk_free(stack);
            clear_errors();
            result
        }
    }
}
