#include "http/openssl.h"

#include <openssl/err.h>

namespace http::openssl {

std::string last_error() {
  unsigned long code = ERR_peek_last_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  std::string text = reason ? reason : "unknown error";
  ERR_clear_error();
  return text;
}

Failure fail_ssl(Code code, std::string_view what) { return fail(code, "{}: {}", what, last_error()); }

BioPtr memory(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string text_of(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : "";
}

std::string to_pem(X509* certificate) {
  BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  return text_of(out.get());
}

std::string to_der(X509* certificate) {
  unsigned char* data = nullptr;
  int size = i2d_X509(certificate, &data);
  std::string der = size > 0 ? std::string(reinterpret_cast<char*>(data), static_cast<size_t>(size)) : "";
  OPENSSL_free(data);
  return der;
}

Result<X509Ptr> read_certificate(std::string_view pem) {
  X509Ptr certificate(PEM_read_bio_X509(memory(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!certificate) return fail(Code::invalid, "Invalid certificate");
  return certificate;
}

std::vector<X509Ptr> read_certificates(std::string_view pem) {
  std::vector<X509Ptr> list;
  BioPtr in = memory(pem);
  while (X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) list.emplace_back(certificate);
  ERR_clear_error();  // the end of the text is reported as an error
  return list;
}

Result<KeyPtr> read_key(std::string_view pem) {
  // No passphrase callback: a daemon has nobody to ask.
  auto refuse = [](char*, int, int, void*) { return 0; };
  KeyPtr key(PEM_read_bio_PrivateKey(memory(pem).get(), nullptr, refuse, nullptr));
  ERR_clear_error();
  if (!key) return fail(Code::invalid, "Invalid or encrypted private key");
  return key;
}

}  // namespace http::openssl
