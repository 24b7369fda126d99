#include "core/trust.h"

#include <pwd.h>

#include <format>
#include <map>

#include "http/certificate.h"
#include "http/jwt.h"

namespace core {
namespace {

/// The account's name, or "uid=N" as clients see unknown ones. Cached: the files are read once a uid.
std::string user_name(uid_t uid) {
  static std::mutex mutex;
  static std::map<uid_t, std::string> names;
  std::lock_guard guard(mutex);
  auto found = names.find(uid);
  if (found != names.end()) return found->second;
  passwd entry{}, *result = nullptr;
  char buffer[4096];
  std::string name = getpwuid_r(uid, &entry, buffer, sizeof buffer, &result) == 0 && result ? result->pw_name : std::format("uid={}", uid);
  return names[uid] = name;
}

/// "Authorization: Bearer TOKEN" or ?access_token=TOKEN.
std::string bearer_token(const http::Request& request) {
  std::string header = request.headers.get("Authorization");
  StringList words = split_list(header, ' ');
  if (words.size() == 2 && iequals(words[0], "bearer")) return words[1];
  return request.query.get("access_token");
}

Identity identity_of(const api::Certificate& certificate, const http::Peer& peer) {
  Identity identity;
  identity.trusted = true;
  identity.admin = !certificate.restricted;
  identity.projects = certificate.projects;
  identity.certificate_type = certificate.type;
  identity.requestor = {certificate.fingerprint, "tls", peer.address};
  return identity;
}

Identity local_identity(const http::Peer& peer) {
  Identity identity;
  identity.trusted = identity.admin = true;
  identity.root = peer.uid == 0;
  identity.requestor = {user_name(peer.uid), "unix", "@"};
  return identity;
}

}  // namespace

void TrustStore::set(std::vector<api::Certificate> certificates) {
  std::lock_guard guard(mutex_);
  auto next = std::make_shared<State>(*state_);
  next->certificates = std::move(certificates);
  state_ = std::move(next);
}

void TrustStore::set_authority(Authority authority) {
  std::lock_guard guard(mutex_);
  auto next = std::make_shared<State>(*state_);
  next->authority = std::move(authority);
  state_ = std::move(next);
  signatures_.clear();
}

std::shared_ptr<const TrustStore::State> TrustStore::state() const {
  std::lock_guard guard(mutex_);
  return state_;
}

std::vector<api::Certificate> TrustStore::all() const { return state()->certificates; }

TrustStore::Signature TrustStore::signature_of(const State& state, const std::string& pem, const std::string& fingerprint) const {
  {
    std::lock_guard guard(mutex_);
    auto found = signatures_.find(fingerprint);
    if (found != signatures_.end()) return found->second;
  }
  auto is_signed = [&](const std::string& crl) { return http::is_signed_by(pem, state.authority.ca_pem, crl).value_or(false); };
  Signature result = !is_signed("") ? Signature::none : is_signed(state.authority.crl_pem) ? Signature::valid : Signature::revoked;
  std::lock_guard guard(mutex_);
  if (signatures_.size() > 1000) signatures_.clear();
  return signatures_[fingerprint] = result;
}

bool TrustStore::acceptable(const std::string& pem, const std::string& fingerprint) const {
  auto now = state();
  return !now->has_authority() || signature_of(*now, pem, fingerprint) != Signature::none;
}

const api::Certificate* TrustStore::token_subject(const State& state, const http::Request& request) const {
  std::string text = bearer_token(request);
  if (text.empty()) return nullptr;
  auto token = http::parse_jwt(text);
  if (!token || !token->issuer.empty()) return nullptr;
  int64_t now = Timestamp::now().seconds;
  if ((token->not_before && now < *token->not_before) || (token->expires && now > *token->expires)) return nullptr;
  for (const api::Certificate& certificate : state.certificates) {
    if (certificate.type == "client" && certificate.fingerprint == token->subject && http::verify_jwt(*token, certificate.certificate)) return &certificate;
  }
  return nullptr;
}

Identity TrustStore::authenticate(const http::Request& request) const {
  const http::Peer& peer = request.peer;
  if (peer.transport == http::Peer::Transport::unix_socket) return local_identity(peer);
  Identity stranger;
  stranger.requestor.address = peer.address;
  if (peer.transport != http::Peer::Transport::tls) return stranger;
  auto now = state();
  if (const api::Certificate* certificate = token_subject(*now, request)) return identity_of(*certificate, peer);
  if (peer.fingerprint.empty()) return stranger;
  if (now->has_authority()) {
    Signature signature = signature_of(*now, peer.certificate, peer.fingerprint);
    if (signature != Signature::valid) return stranger;
    if (now->authority.trust_all) {
      Identity identity = stranger;
      identity.trusted = identity.admin = true;
      identity.certificate_type = "client";
      identity.requestor = {peer.fingerprint, "tls", peer.address};
      return identity;
    }
  }
  for (const api::Certificate& certificate : now->certificates) {
    if (certificate.fingerprint != peer.fingerprint) continue;
    if (certificate.type == "metrics" && request.path != "/1.0/metrics") return stranger;
    return identity_of(certificate, peer);
  }
  return stranger;
}

}  // namespace core
