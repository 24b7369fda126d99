// TLS for the client: the server is pinned, checked against a given CA, or against the host's CA bundle.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <arpa/inet.h>
#include <fcntl.h>

#include "client/transport.h"

namespace client {
namespace {

struct Free {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string last_error() {
  unsigned long code = ERR_get_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "connection lost";
}

Owned<BIO> memory(std::string_view pem) { return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

Owned<X509> parse_pem(std::string_view pem) {
  auto bio = memory(pem);
  return Owned<X509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

std::string to_pem(X509* certificate) {
  Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Result<> add_pem_bundle(X509_STORE* store, std::string_view pem) {
  auto bio = memory(pem);
  int count = 0;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
    count++;
  }
  ERR_clear_error();
  if (!count) return fail(Code::invalid, "The CA file holds no certificate");
  return {};
}

/// The usual places of the host's bundle; SSL_CERT_FILE wins.
std::string host_bundle() {
  const char* chosen = getenv("SSL_CERT_FILE");
  for (const char* path : {chosen, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
    if (!path) continue;
    if (auto text = read_file(path)) return *text;
  }
  return "";
}

Result<> verify_chain(SSL* ssl, X509* leaf, X509_STORE* store, const std::string& host) {
  Owned<X509_STORE_CTX> ctx(X509_STORE_CTX_new());
  X509_STORE_CTX_init(ctx.get(), store, leaf, SSL_get_peer_cert_chain(ssl));
  if (!host.empty()) {
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(ctx.get());
    unsigned char ip[16];
    bool numeric = inet_pton(AF_INET, host.c_str(), ip) == 1 || inet_pton(AF_INET6, host.c_str(), ip) == 1;
    if (numeric) X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str());
    else X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size());
  }
  if (X509_verify_cert(ctx.get()) == 1) return {};
  int error = X509_STORE_CTX_get_error(ctx.get());
  return fail(Code::unauthorized, "The server's certificate can't be trusted: {}", X509_verify_cert_error_string(error));
}

Result<> verify(SSL* ssl, const Endpoint& endpoint) {
  if (endpoint.insecure) return {};
  Owned<X509> shown(SSL_get1_peer_certificate(ssl));
  if (!shown) return fail(Code::unauthorized, "The server shows no certificate");
  Owned<X509_STORE> store(X509_STORE_new());
  if (!endpoint.server_certificate.empty()) {
    auto pinned = parse_pem(endpoint.server_certificate);
    if (!pinned) return fail(Code::invalid, "The stored certificate of the server is damaged");
    if (X509_cmp(pinned.get(), shown.get()) == 0) return {};
    X509_STORE_add_cert(store.get(), pinned.get());
    auto chained = verify_chain(ssl, shown.get(), store.get(), endpoint.host);
    if (chained || endpoint.ca_certificate.empty()) return chained;
  }
  std::string bundle = endpoint.ca_certificate.empty() ? host_bundle() : endpoint.ca_certificate;
  if (bundle.empty()) return fail(Code::unauthorized, "No CA bundle to check the server with: install ca-certificates");
  TRY(add_pem_bundle(store.get(), bundle));
  return verify_chain(ssl, shown.get(), store.get(), endpoint.host);
}

class TlsTransport : public Transport {
 public:
  TlsTransport(UniqueFd fd, Owned<SSL_CTX> context, Owned<SSL> ssl) : Transport(std::move(fd), false), context_(std::move(context)), ssl_(std::move(ssl)) {}
  ~TlsTransport() override { SSL_shutdown(ssl_.get()); }

  Result<std::optional<size_t>> try_read(std::span<char> buffer) override {
    ERR_clear_error();
    int n = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(std::min<size_t>(buffer.size(), 1 << 30)));
    if (n > 0) return static_cast<size_t>(n);
    switch (SSL_get_error(ssl_.get(), n)) {
      case SSL_ERROR_ZERO_RETURN: return 0;
      case SSL_ERROR_WANT_READ: read_events_ = POLLIN; return std::nullopt;
      case SSL_ERROR_WANT_WRITE: read_events_ = POLLOUT; return std::nullopt;
      case SSL_ERROR_SYSCALL: return 0;  // closed without a word: the HTTP framing knows whether that is an error
      default: return lost();
    }
  }

  Result<size_t> try_write(std::string_view data) override {
    ERR_clear_error();
    int n = SSL_write(ssl_.get(), data.data(), static_cast<int>(std::min<size_t>(data.size(), 1 << 30)));
    if (n > 0) return static_cast<size_t>(n);
    switch (SSL_get_error(ssl_.get(), n)) {
      case SSL_ERROR_WANT_READ: write_events_ = POLLIN; return 0;
      case SSL_ERROR_WANT_WRITE: write_events_ = POLLOUT; return 0;
      default: return lost();
    }
  }

  Result<> shutdown_write() override {
    SSL_shutdown(ssl_.get());
    return {};
  }
  short read_events() const override { return read_events_; }
  short write_events() const override { return write_events_; }
  std::string peer_certificate() const override {
    Owned<X509> shown(SSL_get1_peer_certificate(ssl_.get()));
    return shown ? to_pem(shown.get()) : "";
  }

  Result<> handshake(const Context& ctx) {
    for (;;) {
      ERR_clear_error();
      int n = SSL_connect(ssl_.get());
      if (n == 1) return {};
      switch (SSL_get_error(ssl_.get(), n)) {
        case SSL_ERROR_WANT_READ: TRY(ctx.wait_fd(fd_.get(), POLLIN)); break;
        case SSL_ERROR_WANT_WRITE: TRY(ctx.wait_fd(fd_.get(), POLLOUT)); break;
        default: return fail(Code::unavailable, "TLS handshake failed: {}", last_error());
      }
    }
  }
  SSL* ssl() { return ssl_.get(); }

 private:
  Failure lost() { return fail(Code::internal, "Connection lost: {}", last_error()); }
  Owned<SSL_CTX> context_;
  Owned<SSL> ssl_;
  short read_events_ = POLLIN;
  short write_events_ = POLLOUT;
};

Result<> use_identity(SSL_CTX* context, const Endpoint& endpoint) {
  if (endpoint.client_certificate.empty()) return {};
  auto certificate = parse_pem(endpoint.client_certificate);
  auto bio = memory(endpoint.client_key);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate || !key) return fail(Code::invalid, "The client certificate or its key is damaged");
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1 || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return fail(Code::invalid, "The client certificate and its key don't belong together");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Transport>> start_tls(const Context& ctx, std::unique_ptr<Transport> plain, const Endpoint& endpoint) {
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  // Servers of this API speak 1.3; public web servers that only hold images may be older.
  SSL_CTX_set_min_proto_version(context.get(), endpoint.server_certificate.empty() ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);  // verify() below judges, with our own words
  TRY(use_identity(context.get(), endpoint));
  Owned<SSL> ssl(SSL_new(context.get()));
  UniqueFd fd(fcntl(plain->fd(), F_DUPFD_CLOEXEC, 3));
  if (!fd) return fail_errno("dup");
  SSL_set_fd(ssl.get(), fd.get());
  SSL_set_tlsext_host_name(ssl.get(), endpoint.host.c_str());
  auto transport = std::make_unique<TlsTransport>(std::move(fd), std::move(context), std::move(ssl));
  TRY(transport->handshake(ctx.with_timeout(seconds(30))));
  TRY(verify(transport->ssl(), endpoint));
  return transport;
}

}  // namespace client
