// incus-user's socket, as its clients see it.
#pragma once
#include <string>

namespace cli {

/// The project that goes with incus-user's socket ("user-1000"); empty for other sockets.
std::string local_user_project(const std::string& socket_path);

}  // namespace cli
