// What GET /1.0 says: facts found once at start, config and pools as they are now. Answers are cached as text.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/types/server.h"
#include "core/auth.h"

namespace incusd {

struct Daemon;

class ServerInfo {
 public:
  explicit ServerInfo(Daemon& daemon) : daemon_(daemon) {}
  /// JSON of api::Server for this caller (api::ServerUntrusted for strangers). Blocks only at the very first call, for a few ms.
  Result<std::string> render(const core::Identity& identity, const std::string& project);
  /// ETag of what PUT replaces: the config.
  std::string etag() const;

 private:
  struct Version {
    uint64_t generation = 0;
    std::shared_ptr<const StringMap> config;
    bool operator==(const Version&) const = default;
  };
  Result<> find_facts();
  Result<std::string> build(const core::Identity& identity, const std::string& project, const Version& version);

  Daemon& daemon_;
  std::mutex mutex_;
  bool found_ = false;
  bool settled_ = false;  ///< all that runs instances is known
  api::ServerEnvironment facts_;
  Version version_;
  std::map<std::string, std::string> cache_;  ///< caller and project -> JSON
};

}  // namespace incusd
