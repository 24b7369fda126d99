// Trusted certificates, and tokens with which clients add their own.
#include "api/types/certificate.h"

#include "applets/daemon/daemon.h"
#include "applets/daemon/listen_addresses.h"
#include "applets/daemon/route.h"
#include "applets/daemon/server_config.h"
#include "applets/daemon/trusted.h"
#include "base/encode.h"
#include "core/schedule.h"
#include "db/certificates.h"
#include "http/certificate.h"

namespace incusd {
namespace {

using db::certificates::Row;

std::string url_of(const std::string& fingerprint) { return "/1.0/certificates/" + fingerprint; }

Result<Row> load_certificate(Call& call) {
  return call.daemon.global->read([&](db::Tx& tx) { return db::certificates::load(tx, call.param("fingerprint")); });
}

Result<db::CertificateType> type_of(const std::string& name) {
  auto type = db::certificate_type(name);
  if (!type) return fail(Code::invalid, "Unknown certificate type {}", quote(name));
  return *type;
}

Result<Reply> list_certificates(Call& call) {
  TRY(call.identity.check({.type = "certificate", .project = {}, .name = {}}, "can_view"));
  auto rows = TRY(call.daemon.global->read([](db::Tx& tx) { return db::certificates::load_all(tx); }));
  StringList urls, objects;
  for (const Row& row : rows) {
    urls.push_back(url_of(row.fingerprint));
    objects.push_back(api::dump(row.to_api()));
  }
  return list_reply(call, urls, objects);
}

Result<Reply> get_certificate(Call& call) {
  std::string json = api::dump(TRY(load_certificate(call)).to_api());
  std::string etag = etag_of(json);
  return ok(std::move(json), std::move(etag));
}

/// PEM as it is stored, of PEM or base64 DER. Errors: invalid.
Result<std::string> normal_pem(const std::string& text) {
  if (text.find("-----BEGIN") != std::string::npos) return http::der_to_pem(TRY(http::pem_to_der(text)));
  auto der = base64_decode(trim(text));
  if (!der) return fail(Code::invalid, "Invalid certificate material: neither PEM nor base64");
  return http::der_to_pem(*der);
}

Result<http::CertificateInfo> checked_certificate(const std::string& pem) {
  auto info = TRY_CTX(http::parse_certificate(pem), "Invalid certificate material");
  Timestamp now = Timestamp::now();
  if (now < info.not_before) return fail(Code::invalid, "The provided certificate isn't valid yet");
  if (now > info.not_after) return fail(Code::invalid, "The provided certificate is expired");
  return info;
}

/// A token for a client that is to add its own certificate: an operation that holds the secret and what was granted.
Result<Reply> issue_token(Call& call, api::CertificatesPost post) {
  auto config = call.daemon.config.get();
  std::string certificate = TRY(server_identity(call.daemon)).certificate_pem;
  std::string fingerprint = TRY(http::certificate_fingerprint(certificate));
  core::OperationSpec spec{.type = core::OperationType::certificate_add_token, .cls = core::OperationClass::token, .project = "default"};
  spec.metadata = {{"addresses", listen_addresses(get_or(*config, "core.https_address"))},
                   {"fingerprint", fingerprint},
                   {"request", api::to_json(post)},
                   {"secret", random_secret()}};
  if (std::string expiry = get_or(*config, "core.remote_token_expiry"); !expiry.empty()) {
    spec.metadata["expiresAt"] = TRY(core::expiry_after(Timestamp::now(), expiry)).rfc3339();
  }
  return accepted(call, std::move(spec));
}

/// The request that a token stands for. A token is good once: its operation ends here. Errors: forbidden.
Result<api::CertificatesPost> redeem_token(Call& call, const std::string& token) {
  auto text = base64_decode(token);
  auto decoded = text ? api::parse<api::CertificateAddToken>(*text) : Result<api::CertificateAddToken>(fail(Code::forbidden, "not authorized"));
  if (!decoded || decoded->secret.empty()) return fail(Code::forbidden, "not authorized");
  for (const auto& operation : call.daemon.operations->all()) {
    if (operation->type() != core::OperationType::certificate_add_token || operation->finished()) continue;
    Json metadata = operation->metadata();
    if (metadata.value("secret", "") != decoded->secret) continue;
    TRY(operation->cancel());
    call.daemon.events.lifecycle("default", "operation-cancelled", operation->url(), call.identity.requestor);
    auto expires = Timestamp::parse(metadata.value("expiresAt", ""));
    if (expires && Timestamp::now() > *expires) return fail(Code::forbidden, "Token has expired");
    auto granted = TRY(api::from_json<api::CertificatesPost>(metadata["request"]));
    granted.token = false;
    granted.certificate.clear();
    return granted;
  }
  return fail(Code::forbidden, "No matching certificate add operation found");
}

Result<> check_post(Call& call, const api::CertificatesPost& post) {
  if (post.token && !post.certificate.empty()) return fail(Code::invalid, "Can't use certificate if token is requested");
  if (post.token && post.type != "client") return fail(Code::invalid, "Tokens can only be issued for client certificates");
  if (post.token && get_or(*call.daemon.config.get(), "core.https_address").empty()) {
    return fail(Code::invalid, "Can't issue token when server isn't listening on network");
  }
  if (call.identity.trusted && post.certificate.empty() && !post.token) return fail(Code::invalid, "Client is already trusted");
  return {};
}

Result<Reply> add_certificate(Call& call, const api::CertificatesPost& post) {
  Row row;
  row.type = TRY(type_of(post.type));
  if (!post.certificate.empty()) {
    row.certificate = TRY(normal_pem(post.certificate));
  } else if (call.request.peer.transport != http::Peer::Transport::tls) {
    return fail(Code::invalid, "Can't use TLS data on non-TLS link");
  } else if (call.request.peer.certificate.empty()) {
    return fail(Code::invalid, "No client certificate provided");
  } else {
    row.certificate = TRY(normal_pem(call.request.peer.certificate));
  }
  auto info = TRY(checked_certificate(row.certificate));
  row.fingerprint = info.fingerprint;
  // With an authority in place, the TLS layer of other servers would not even have asked for a foreign certificate.
  if (post.certificate.empty() && !call.daemon.trust.acceptable(row.certificate, row.fingerprint)) {
    return fail(Code::invalid, "No client certificate provided");
  }
  row.name = !post.name.empty() ? post.name : info.common_name;
  if (row.name.empty()) row.name = call.request.peer.address.substr(0, call.request.peer.address.rfind(':'));
  row.restricted = post.restricted;
  row.description = post.description;
  row.projects = post.projects;
  TRY(call.daemon.global->write([&](db::Tx& tx) -> Result<> {
    if (db::certificates::load(tx, row.fingerprint)) return fail(Code::conflict, "Certificate already in trust store");
    TRY(db::certificates::create(tx, row));
    return {};
  }));
  TRY(reload_trust(call.daemon));
  call.daemon.events.lifecycle("default", "certificate-created", url_of(row.fingerprint), call.identity.requestor);
  return created(url_of(row.fingerprint));
}

Result<Reply> post_certificate(Call& call) {
  auto post = TRY(call.body<api::CertificatesPost>());
  TRY(check_post(call, post));
  bool may_create = call.identity.check({.type = "server", .project = {}, .name = {}}, "can_create_certificates").has_value();
  if (!may_create) {
    if (post.token || post.trust_token.empty()) return fail(Code::forbidden, "not authorized");
    post = TRY(redeem_token(call, post.trust_token));
  }
  if (post.token) return issue_token(call, std::move(post));
  return add_certificate(call, post);
}

/// Restricted clients may replace their own certificate, and nothing else of its entry.
Result<> check_own_change(Call& call, const Row& row, const api::CertificatePut& put) {
  if (row.restricted != put.restricted || row.name != put.name || row.projects != put.projects) {
    return fail(Code::forbidden, "Only the certificate can be changed");
  }
  if (call.request.peer.fingerprint != row.fingerprint) return fail(Code::forbidden, "Certificate cannot be changed");
  return {};
}

Result<Reply> change_certificate(Call& call, Row row, const api::CertificatePut& put) {
  if (put.type != db::name_of(row.type)) return fail(Code::invalid, "The certificate type cannot be changed");
  if (!call.identity.check({.type = "certificate", .project = {}, .name = row.fingerprint}, "can_edit")) TRY(check_own_change(call, row, put));
  std::string old_fingerprint = row.fingerprint;
  row.restricted = put.restricted;
  row.name = put.name;
  row.description = put.description;
  row.projects = put.projects;
  if (!put.certificate.empty() && put.certificate != row.certificate) {
    row.certificate = TRY(normal_pem(put.certificate));
    row.fingerprint = TRY(checked_certificate(row.certificate)).fingerprint;
  }
  TRY(call.daemon.global->write([&](db::Tx& tx) { return db::certificates::update(tx, row); }));
  TRY(reload_trust(call.daemon));
  call.daemon.events.lifecycle("default", "certificate-updated", url_of(old_fingerprint), call.identity.requestor);
  return ok();
}

Result<Reply> put_certificate(Call& call) {
  Row row = TRY(load_certificate(call));
  TRY(call.check_etag(etag_of(api::dump(row.to_api()))));
  return change_certificate(call, row, TRY(call.body<api::CertificatePut>()));
}

Result<Reply> patch_certificate(Call& call) {
  Row row = TRY(load_certificate(call));
  api::Certificate merged = row.to_api();
  TRY(call.check_etag(etag_of(api::dump(merged))));
  TRY(api::merge_json(merged, TRY(api::parse_json(call.request.body))));
  return change_certificate(call, row, merged);
}

Result<Reply> delete_certificate(Call& call) {
  Row row = TRY(load_certificate(call));
  TRY(call.identity.check({.type = "certificate", .project = {}, .name = row.fingerprint}, "can_edit"));
  TRY(call.daemon.global->write([&](db::Tx& tx) { return db::certificates::remove(tx, row.id); }));
  TRY(reload_trust(call.daemon));
  call.daemon.events.lifecycle("default", "certificate-deleted", url_of(row.fingerprint), call.identity.requestor);
  return ok();
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/certificates", kAuthenticated, kNoFlags, list_certificates, "Trusted certificates"},
    {http::Method::post, "/1.0/certificates", kUntrusted, kNoFlags, post_certificate, "Trust a certificate, or make a token for one"},
    {http::Method::get, "/1.0/certificates/{fingerprint}", allow("certificate", "can_view", "fingerprint"), kNoFlags, get_certificate, "A trusted certificate"},
    {http::Method::put, "/1.0/certificates/{fingerprint}", kAuthenticated, kNoFlags, put_certificate, "Replace a certificate's entry"},
    {http::Method::patch, "/1.0/certificates/{fingerprint}", kAuthenticated, kNoFlags, patch_certificate, "Change a certificate's entry"},
    {http::Method::delete_, "/1.0/certificates/{fingerprint}", kAuthenticated, kNoFlags, delete_certificate, "Stop trusting a certificate"},
};

}  // namespace

extern const Routes certificate_routes = kRoutes;

}  // namespace incusd
