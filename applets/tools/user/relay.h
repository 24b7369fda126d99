// Copies between a local client and a TLS connection, on the calling thread.
#pragma once
#include "base/context.h"
#include "http/transport.h"

namespace incus_user {

/// Until both sides have ended, or one is lost. Blocks.
void relay(const Context& ctx, http::Transport& left, http::Transport& right);

}  // namespace incus_user
