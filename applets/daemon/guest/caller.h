// Which instance a process on the other end of /dev/incus/sock belongs to.
#pragma once
#include "http/message.h"
#include "instance/manager.h"

namespace incusd {

/// By the process's pid namespace, or one above it (containers in containers). Only the container's root may ask.
/// Errors: internal for processes of no container of ours, forbidden for other users. Reads proc(5).
Result<instance::InstancePtr> guest_of(const instance::Manager& manager, const http::Peer& peer);

}  // namespace incusd
