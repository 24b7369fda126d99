// What commands about disks share: bitmaps, and a local TCP port at which NBD clients get to disks of a server.
#pragma once
#include "applets/cli/call.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

inline constexpr Flag kNbdAddressFlag{"address", FlagKind::text, "Listen at this address instead of a free port of 127.0.0.1"};

inline constexpr Flag kBitmapFlags[] = {{"disabled", FlagKind::boolean, "Do not record yet"}, {"granularity", FlagKind::number, "Bytes one bit stands for"},
                                        {"persistent", FlagKind::boolean, "Keep it over restarts"}};
/// What a request for a new bitmap says.
std::string bitmap_body(const Call& call, const std::string& name);

struct NbdAccess {
  std::string path;     ///< of the request that becomes a connection: "/1.0/instances/v1/nbd"
  std::string query;    ///< of it: "writable=1"
  bool once = false;    ///< for one client; else further ones get a connection to the same exports ("reuse=1")
};
/// Listens and serves until interrupted, or until the client of `once` is gone. Blocks.
Result<> serve_nbd(Call& call, client::Server& server, const NbdAccess& access);

}  // namespace cli
