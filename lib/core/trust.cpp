#include "core/trust.h"

#include <pwd.h>

#include <format>
#include <map>

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

Identity local_identity(const http::Peer& peer) {
  Identity identity;
  identity.trusted = identity.admin = true;
  identity.root = peer.uid == 0;
  identity.requestor = {user_name(peer.uid), "unix", "@"};
  return identity;
}

}  // namespace

void TrustStore::set(std::vector<api::Certificate> certificates) {
  auto next = std::make_shared<const List>(std::move(certificates));
  std::lock_guard guard(mutex_);
  certificates_ = std::move(next);
}

std::shared_ptr<const TrustStore::List> TrustStore::list() const {
  std::lock_guard guard(mutex_);
  return certificates_;
}

std::vector<api::Certificate> TrustStore::all() const { return *list(); }

Identity TrustStore::authenticate(const http::Request& request) const {
  const http::Peer& peer = request.peer;
  if (peer.transport == http::Peer::Transport::unix_socket) return local_identity(peer);
  Identity identity;
  identity.requestor.address = peer.address;
  if (peer.transport != http::Peer::Transport::tls || peer.fingerprint.empty()) return identity;
  auto certificates = list();
  for (const api::Certificate& certificate : *certificates) {
    if (certificate.fingerprint != peer.fingerprint) continue;
    if (certificate.type == "metrics" && request.path != "/1.0/metrics") return identity;
    identity.trusted = true;
    identity.admin = !certificate.restricted;
    identity.projects = certificate.projects;
    identity.certificate_type = certificate.type;
    identity.requestor = {certificate.fingerprint, "tls", peer.address};
    return identity;
  }
  return identity;
}

}  // namespace core
