// Which instance is at the other end: of /dev/incus/sock, or of a virtual machine's stream.
#pragma once
#include "http/message.h"
#include "instance/manager.h"

namespace incusd {

/// By the process's pid namespace, or one above it (containers in containers). Only the container's root may ask.
/// Errors: internal for processes of no container of ours, forbidden for other users. Reads proc(5).
Result<instance::InstancePtr> guest_of(const instance::Manager& manager, const http::Peer& peer);
/// How the peer of a virtual machine's stream is called.
std::string machine_address(uint32_t vsock_id);
/// The virtual machine by the number in that address, if the peer showed the certificate of its agent. Errors: internal for numbers of no machine of
/// ours, forbidden for other certificates.
Result<instance::InstancePtr> machine_of(const instance::Manager& manager, const http::Peer& peer);

}  // namespace incusd
