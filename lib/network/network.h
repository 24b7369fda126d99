// Networks as devices and routes see them. Types live in lib/network/<type>/.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/strings.h"

namespace network {

/// A static DHCP reservation and DNS name for one NIC.
struct Reservation {
  std::string project, instance, device;
  std::string hwaddr;
  std::string ipv4;  ///< empty: dynamic
  std::string ipv6;
};

/// One managed network. Thread-safe; calls block and honour ctx.
class Network {
 public:
  virtual ~Network() = default;
  virtual const std::string& name() const = 0;
  virtual std::string type() const = 0;           ///< "bridge"
  virtual const StringMap& config() const = 0;
  virtual std::string interface() const = 0;      ///< host interface instances attach to
  virtual int mtu() const = 0;
  /// Brings it up (interface, addresses, NAT, dnsmasq); safe to call again.
  virtual Result<> start(const Context&) = 0;
  virtual Result<> stop(const Context&) = 0;
  virtual Result<> reserve(const Reservation&) = 0;
  virtual Result<> release(const std::string& project, const std::string& instance, const std::string& device) = 0;
};

class Networks {
 public:
  virtual ~Networks() = default;
  /// Errors: not_found: `Network not found`.
  virtual Result<std::shared_ptr<Network>> load(const std::string& project, const std::string& name) = 0;
};

/// A random address after network.hwaddr_pattern's default, 10:66:6a:xx:xx:xx.
std::string random_hwaddr();

}  // namespace network
