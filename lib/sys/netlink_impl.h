// The state of sys::Netlink, shared by the netlink*.cpp files.
#pragma once
#include "sys/netlink.h"
#include "sys/netlink_message.h"

struct sys::Netlink::Impl {
  nl::Socket socket;
};
