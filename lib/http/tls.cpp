#include "http/tls.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <mutex>

#include "http/openssl.h"

namespace http {

using namespace openssl;

namespace {

/// Where distributions keep the bundle of public CAs; the first that exists is used.
constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/ca-bundle.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"};

class TlsSocket final : public TlsTransport {
 public:
  TlsSocket(UniqueFd fd, SslPtr ssl) : TlsTransport(std::move(fd)), ssl_(std::move(ssl)) {}

  Result<short> handshake() override {
    std::lock_guard lock(mutex_);
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_.get());
    if (done == 1) return 0;
    short wait = wanted(done);
    if (wait) return wait;
    if (long verify = SSL_get_verify_result(ssl_.get()); verify != X509_V_OK && !SSL_is_server(ssl_.get())) {
      ERR_clear_error();
      return fail(Code::unauthorized, "Certificate verification failed: {}", X509_verify_cert_error_string(verify));
    }
    return fail_ssl(Code::internal, "TLS handshake failed");
  }

  Result<Io> read(std::span<char> buffer) override {
    std::lock_guard lock(mutex_);
    ERR_clear_error();
    size_t n = 0;
    int done = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &n);
    if (done == 1) return Io{.bytes = n};
    if (short wait = wanted(done)) return Io{.wait = wait};
    if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_ZERO_RETURN) return Io{};
    return fail_ssl(Code::internal, "Connection lost");
  }

  Result<Io> write(std::string_view data) override {
    if (data.empty()) return Io{};
    std::lock_guard lock(mutex_);
    ERR_clear_error();
    size_t n = 0;
    int done = SSL_write_ex(ssl_.get(), data.data(), data.size(), &n);
    if (done == 1) return Io{.bytes = n};
    if (short wait = wanted(done)) return Io{.wait = wait};
    return fail_ssl(Code::internal, "Connection lost");
  }

  bool pending() const override {
    std::lock_guard lock(mutex_);
    return SSL_has_pending(ssl_.get());
  }

  void shutdown_write() override {
    std::lock_guard lock(mutex_);
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    shutdown(fd(), SHUT_WR);
  }

  std::string peer_certificate() const override {
    X509Ptr certificate(SSL_get1_peer_certificate(ssl_.get()));
    return certificate ? to_pem(certificate.get()) : "";
  }

 private:
  short wanted(int done) {
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ: return POLLIN;
      case SSL_ERROR_WANT_WRITE: return POLLOUT;
      default: return 0;
    }
  }
  mutable std::mutex mutex_;  // an SSL object takes one call at a time, also for its two directions
  SslPtr ssl_;
};

class TlsContextImpl final : public TlsContext {
 public:
  TlsContextImpl(SslContextPtr context, bool is_server, std::string host)
      : context_(std::move(context)), is_server_(is_server), host_(std::move(host)) {}

  Result<std::shared_ptr<TlsTransport>> wrap(UniqueFd socket) const override {
    SslPtr ssl(SSL_new(context_.get()));
    // MSG_DONTWAIT has no counterpart here: OpenSSL needs the socket itself non-blocking.
    BIO* bio = BIO_new_socket(socket.get(), BIO_NOCLOSE);
    if (!ssl || !bio) return fail_ssl(Code::internal, "Cannot start TLS");
    BIO_socket_nbio(socket.get(), 1);
    SSL_set_bio(ssl.get(), bio, bio);
    if (is_server_) {
      SSL_set_accept_state(ssl.get());
    } else {
      SSL_set_connect_state(ssl.get());
      if (!host_.empty() && !is_address(host_)) SSL_set_tlsext_host_name(ssl.get(), host_.c_str());
    }
    return std::make_shared<TlsSocket>(std::move(socket), std::move(ssl));
  }

  static bool is_address(const std::string& host) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
    ASN1_OCTET_STRING_free(address);
    return address != nullptr;
  }

 private:
  SslContextPtr context_;
  bool is_server_;
  std::string host_;
};

Result<> use_identity(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  std::vector<X509Ptr> chain = read_certificates(certificate_pem);
  if (chain.empty()) return fail(Code::invalid, "Invalid certificate");
  KeyPtr key = TRY(read_key(key_pem));
  if (SSL_CTX_use_certificate(context, chain[0].get()) != 1 || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return fail_ssl(Code::invalid, "Certificate and key do not fit");
  }
  for (size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  return {};
}

Result<SslContextPtr> new_context(const SSL_METHOD* method, int minimum) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return fail_ssl(Code::internal, "Cannot start TLS");
  SSL_CTX_set_min_proto_version(context.get(), minimum);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
  return context;
}

Result<> trust(SSL_CTX* context, const std::string& pem) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  auto certificates = read_certificates(pem);
  if (certificates.empty()) return fail(Code::invalid, "Invalid certificate");
  for (X509Ptr& certificate : certificates) X509_STORE_add_cert(store, certificate.get());
  // A self-signed server certificate is its own anchor, although it is no CA.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

/// A pinned certificate counts whatever its name or dates say; others must verify as usual.
int verify_pinned(X509_STORE_CTX* context, void*) {
  X509* shown = X509_STORE_CTX_get0_cert(context);
  const auto* pinned = X509_STORE_get0_objects(X509_STORE_CTX_get0_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(pinned); ++i) {
    X509* one = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(pinned, i));
    if (!one || X509_cmp(one, shown) != 0) continue;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
  }
  return X509_verify_cert(context);
}

void trust_host_bundle(SSL_CTX* context) {
  const char* chosen = getenv("SSL_CERT_FILE");
  if (chosen && SSL_CTX_load_verify_file(context, chosen) == 1) return;
  for (const char* bundle : kBundles) {
    if (SSL_CTX_load_verify_file(context, bundle) == 1) break;
  }
  ERR_clear_error();
}

Result<> set_verification(SSL_CTX* context, const ClientTls& settings) {
  if (settings.insecure) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return {};
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!settings.server_certificate.empty()) {
    TRY(trust(context, settings.server_certificate));
    SSL_CTX_set_cert_verify_callback(context, verify_pinned, nullptr);
    if (!settings.ca_certificate.empty()) TRY(trust(context, settings.ca_certificate));
    return {};
  }
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
  if (TlsContextImpl::is_address(settings.host)) X509_VERIFY_PARAM_set1_ip_asc(parameters, settings.host.c_str());
  else X509_VERIFY_PARAM_set1_host(parameters, settings.host.c_str(), settings.host.size());
  if (!settings.ca_certificate.empty()) return trust(context, settings.ca_certificate);
  trust_host_bundle(context);
  return {};
}

}  // namespace

Result<> TlsTransport::handshake_all(const Context& ctx) {
  for (;;) {
    short wait = TRY(handshake());
    if (!wait) return {};
    TRY(ctx.wait_fd(fd(), wait));
  }
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const ServerTls& settings) {
  SslContextPtr context = TRY(new_context(TLS_server_method(), TLS1_3_VERSION));
  TRY(use_identity(context.get(), settings.certificate_pem, settings.key_pem));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  SSL_CTX_set_num_tickets(context.get(), 0);  // a resumed session would not show the client's certificate again
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return std::make_shared<TlsContextImpl>(std::move(context), true, "");
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const ClientTls& settings) {
  SslContextPtr context = TRY(new_context(TLS_client_method(), settings.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION));
  if (!settings.client_certificate.empty()) TRY(use_identity(context.get(), settings.client_certificate, settings.client_key));
  TRY(set_verification(context.get(), settings));
  return std::make_shared<TlsContextImpl>(std::move(context), false, settings.host);
}

}  // namespace http
