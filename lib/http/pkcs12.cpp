#include "http/pkcs12.h"

#include <openssl/pkcs12.h>

#include "http/openssl.h"

namespace http {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, openssl::Free<PKCS12_free>>;

Result<std::string> key_to_pem(EVP_PKEY* key) {
  openssl::BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return openssl::fail_ssl(Code::internal, "Failed encoding the key");
  return openssl::text_of(out.get());
}

}  // namespace

Result<KeyPair> read_pkcs12(std::string_view der, const std::string& password) {
  auto bytes = reinterpret_cast<const unsigned char*>(der.data());
  Pkcs12Ptr file(d2i_PKCS12(nullptr, &bytes, static_cast<long>(der.size())));
  if (!file) return openssl::fail_ssl(Code::invalid, "This is no PKCS#12 file");
  EVP_PKEY* raw_key = nullptr;
  X509* raw_certificate = nullptr;
  if (PKCS12_parse(file.get(), password.c_str(), &raw_key, &raw_certificate, nullptr) != 1) return openssl::fail_ssl(Code::invalid, "Failed reading the PKCS#12 file");
  openssl::KeyPtr key(raw_key);
  openssl::X509Ptr certificate(raw_certificate);
  if (!key || !certificate) return fail(Code::invalid, "The PKCS#12 file must hold a certificate and its key");
  std::string key_pem = TRY(key_to_pem(key.get()));
  return KeyPair{openssl::to_pem(certificate.get()), std::move(key_pem)};
}

Result<std::string> write_pkcs12(const KeyPair& pair, const std::string& password) {
  auto certificate = TRY(openssl::read_certificate(pair.certificate_pem));
  auto key = TRY(openssl::read_key(pair.key_pem));
  Pkcs12Ptr file(PKCS12_create(password.c_str(), nullptr, key.get(), certificate.get(), nullptr, 0, 0, 0, 0, 0));
  if (!file) return openssl::fail_ssl(Code::internal, "Failed making the PKCS#12 file");
  openssl::BioPtr out(BIO_new(BIO_s_mem()));
  if (i2d_PKCS12_bio(out.get(), file.get()) != 1) return openssl::fail_ssl(Code::internal, "Failed making the PKCS#12 file");
  return openssl::text_of(out.get());
}

}  // namespace http
