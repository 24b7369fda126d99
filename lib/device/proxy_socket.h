// What proxy_relay.cpp needs of sockets: patience, and the PROXY protocol's line.
#pragma once
#include <string>

namespace device {

/// `PROXY TCP4 source destination port port`: whom the client is, for the target. `PROXY UNKNOWN` for Unix sockets.
std::string proxy_line(int client);
/// Up to 200 ms.
void wait_writable(int fd);

}  // namespace device
