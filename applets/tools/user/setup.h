// What a user of incus-user gets at the first visit: a project, a network, a profile and a certificate that is restricted to the project.
#pragma once
#include <sys/types.h>

#include <mutex>
#include <string>

#include "base/context.h"
#include "base/strings.h"
#include "http/certificate.h"

namespace incus_user {

/// The server as its administrator: users are set up in it. Thread-safe. Everything blocks.
class Setup {
 public:
  /// `folder`: the daemon's own (INCUS_DIR); `socket`: its API.
  Setup(std::string folder, std::string socket) : folder_(std::move(folder)), socket_(std::move(socket)) {}

  /// A server that was never set up gets a pool, a network and a default profile. Errors: those of the API.
  Result<> prepare_server(const Context& ctx);
  /// The certificate of a user, who is set up first where needed. Errors: not_found (no such account), those of the API.
  Result<http::KeyPair> user_certificate(const Context& ctx, uid_t uid);
  Result<std::string> server_certificate() const;
  const std::string& socket() const { return socket_; }

 private:
  struct Account;
  Result<> set_up(const Context& ctx, const Account& account, const std::string& certificate_pem);

  std::string folder_, socket_;
  std::mutex mutex_;
  StringList projects_;
};

}  // namespace incus_user
