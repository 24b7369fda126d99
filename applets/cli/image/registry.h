// Remotes that are OCI registries: who we are to them.
#pragma once
#include "applets/cli/config.h"
#include "base/context.h"

namespace cli {

/// The remote's address, with the credentials that its helper gives, if it has one (as docker-credential-NAME programs do).
/// Errors: unsupported (no such helper), invalid (what it said). Blocks while the helper runs.
Result<std::string> server_address(const Context& ctx, const Remote& remote);

/// Public keys (PEM) with which images of the remote must be signed: <configuration folder>/ocikeys/<remote>.pub. Empty without such a file.
/// Errors: invalid (a file without keys), internal (unreadable).
Result<std::string> signing_keys(const Config& config, const std::string& remote);

}  // namespace cli
