// Whom programs become that need root to start only.
#pragma once
#include <sys/types.h>

#include <string>

namespace sys {

struct Unprivileged {
  std::string user, group;  ///< empty: there is none to become
  uid_t uid = 0;
  gid_t gid = 0;            ///< the user's own
};

/// "incus" if there is such a user, else "nobody", from passwd(5) and group(5); nobody whose ids this user namespace does not have. Thread-safe. Blocks for the files.
Unprivileged unprivileged();

}  // namespace sys
