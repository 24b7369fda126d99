// Warnings about networks, as `incus warning list` shows them.
#pragma once
#include <string>

namespace network {

struct Environment;
struct Record;

/// The network couldn't be brought up.
void warn_unavailable(const Environment& env, const Record& record, const std::string& message);
void resolve_unavailable(const Environment& env, const Record& record);

}  // namespace network
