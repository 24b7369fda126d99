// OpenSSL's objects as owners, and its errors as text. Only for the .cpp files of this folder.
#pragma once
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace http::openssl {

template <auto F>
struct Free {
  template <class T>
  void operator()(T* object) const { F(object); }
};

using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

/// The last error of this thread's queue, which is emptied.
std::string last_error();
Failure fail_ssl(Code code, std::string_view what);

BioPtr memory(std::string_view text);
std::string text_of(BIO* bio);
std::string to_pem(X509* certificate);
std::string to_der(X509* certificate);
/// Errors: invalid.
Result<X509Ptr> read_certificate(std::string_view pem);
std::vector<X509Ptr> read_certificates(std::string_view pem);
Result<KeyPtr> read_key(std::string_view pem);

}  // namespace http::openssl
