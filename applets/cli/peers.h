// What another server has to know to fetch something from this one: addresses, certificate, project.
#pragma once
#include <functional>
#include <string>

#include "applets/cli/call.h"

namespace cli {

struct PeerInfo {
  StringList urls;          ///< "https://host:port", best first; empty if the server doesn't listen on the network
  std::string certificate;  ///< PEM; empty where the host's CA bundle vouches for it
  std::string project;      ///< never empty
};

/// Asks the server (once: GET /1.0 is cached). Errors: those of the request.
Result<PeerInfo> peer_info(Call& call, const client::Server& server);
/// Do both reach the same project of the same server? False where one of them doesn't say who it is.
bool same_place(const PeerInfo& a, const PeerInfo& b);

/// Runs `attempt` with one URL after the other until one succeeds or fails for another reason than the connection.
/// Errors: invalid (no URL), else those of the attempts, put behind `problem`.
Result<> try_urls(const StringList& urls, std::string_view problem, const std::function<Result<>(const std::string& url)>& attempt);

}  // namespace cli
