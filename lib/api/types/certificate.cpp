#include "api/types/certificate.h"

#include "api/codec.h"

namespace api {

API_TYPE(CertificatePut) {
  return fields<CertificatePut>(
      field<&CertificatePut::name>("name"),
      field<&CertificatePut::type>("type"),
      field<&CertificatePut::restricted>("restricted"),
      field<&CertificatePut::projects>("projects"),
      field<&CertificatePut::certificate>("certificate"),
      field<&CertificatePut::description>("description"));
}

API_TYPE(CertificatesPost) {
  return fields<CertificatesPost>(
      base<CertificatesPost, CertificatePut>(),
      field<&CertificatesPost::trust_token>("trust_token"),
      field<&CertificatesPost::token>("token"));
}

API_TYPE(Certificate) {
  return fields<Certificate>(
      base<Certificate, CertificatePut>(),
      field<&Certificate::fingerprint>("fingerprint"));
}

API_TYPE(CertificateAddToken) {
  return fields<CertificateAddToken>(
      field<&CertificateAddToken::client_name>("client_name"),
      field<&CertificateAddToken::fingerprint>("fingerprint"),
      field<&CertificateAddToken::addresses>("addresses"),
      field<&CertificateAddToken::secret>("secret"),
      field<&CertificateAddToken::expires_at>("expires_at"));
}

}  // namespace api
