//! Whom the program in an image trusts: Mozilla's certificate authorities, as a crate of a fixed version has them.
//!
//! The AWS SDK trusts what the machine trusts, and looks for it in files; without one, no call leaves the container. Those of the build
//! machine would be another image on each machine, and might hold the certificate of a proxy that reads its owner's traffic.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The first place where `openssl-probe` looks, by which the SDK's TLS finds them.
pub(super) const PATH: &str = "etc/ssl/certs/ca-certificates.crt";

/// PEM breaks its lines here.
const LINE: usize = 64;

/// All of them, one after the other, in the crate's order.
pub(super) fn pem() -> String {
    let mut pem = String::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        let text = BASE64_STANDARD.encode(certificate);
        for line in text.as_bytes().chunks(LINE) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    pem
}
