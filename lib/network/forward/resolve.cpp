// Turning a forward's words into redirections, and refusing what makes no sense.
#include <set>

#include "network/forward/forward.h"

namespace network::forward {
namespace {

using firewall::Redirect;

class Resolver {
 public:
  Resolver(const Record& network, const IpAddress& listen, const api::NetworkForwardPut& put) : network_(network), listen_(listen), put_(put) {
    subnet_ = IpNetwork::parse(get_or(network.config, listen.is_v4() ? "ipv4.address" : "ipv6.address"));
  }

  Result<std::vector<Redirect>> run() {
    for (const auto& [key, value] : put_.config)
      if (key != "target_address" && !key.starts_with("user.")) return fail(Code::invalid, "Invalid option {}", quote(key));
    std::vector<Redirect> redirects;
    if (auto fallback = TRY(default_target())) redirects.push_back({.listen = listen_, .target = *fallback});
    for (size_t i = 0; i < put_.ports.size(); i++) redirects.push_back(TRY(port(i)));
    return redirects;
  }

 private:
  Result<std::optional<IpAddress>> default_target() {
    std::string text = get_or(put_.config, "target_address");
    if (text.empty()) return std::optional<IpAddress>();
    default_ = IpAddress::parse(text);
    if (!default_) return fail(Code::invalid, "Invalid default target address");
    if (default_->is_v4() != listen_.is_v4()) return fail(Code::invalid, "Cannot mix IP versions in listen address and default target address");
    if (subnet_ && !subnet_->contains(*default_)) return fail(Code::invalid, "Default target address is not within the network subnet");
    TRY(check_host(*default_));
    return default_;
  }

  Result<> check_host(const IpAddress& address) const {
    if (!subnet_) return {};
    if (address.is_v4() && address == subnet_->last()) return fail(Code::invalid, "Default target address cannot be a broadcast address");
    if (address == subnet_->first()) return fail(Code::invalid, "Default target address cannot be a network ID address");
    return {};
  }

  Result<Redirect> port(size_t index) {
    const api::NetworkForwardPort& spec = put_.ports[index];
    if (spec.protocol != "tcp" && spec.protocol != "udp")
      return fail(Code::invalid, "Invalid port protocol in port specification {}, protocol must be one of: tcp, udp", index);
    auto target = IpAddress::parse(spec.target_address);
    if (!target) return fail(Code::invalid, "Invalid target address in port specification {}", index);
    if (default_ && *target == *default_) return fail(Code::invalid, "Target address is same as default target address in port specification {}", index);
    if (target->is_v4() != listen_.is_v4())
      return fail(Code::invalid, "Cannot mix IP versions in listen address and port specification {} target address", index);
    if (subnet_ && !subnet_->contains(*target)) return fail(Code::invalid, "Target address is not within the network subnet in port specification {}", index);
    TRY(check_host(*target));
    Redirect redirect{.listen = listen_, .target = *target, .protocol = spec.protocol, .snat = spec.snat};
    redirect.listen_ports = TRY_CTX(firewall::parse_ports(spec.listen_port), "Invalid listen port in port specification {}", index);
    if (redirect.listen_ports.empty()) return fail(Code::invalid, "Missing listen port in port specification {}", index);
    for (int64_t number : redirect.listen_ports)
      if (!listened_.insert({spec.protocol, number}).second)
        return fail(Code::invalid, "Duplicate listen port {} for protocol {} in port specification {}", number, quote(spec.protocol), index);
    if (spec.snat && network_.type != "bridge") return fail(Code::invalid, "SNAT can only be used with bridge networks");
    redirect.target_ports = TRY_CTX(firewall::parse_ports(spec.target_port), "Invalid target port in port specification {}", index);
    size_t targets = redirect.target_ports.size();
    if (targets > 1 && targets != redirect.listen_ports.size())
      return fail(Code::invalid, "Mismatch of listen port(s) and target port(s) count in port specification {}", index);
    return redirect;
  }

  const Record& network_;
  IpAddress listen_;
  const api::NetworkForwardPut& put_;
  std::optional<IpNetwork> subnet_;
  std::optional<IpAddress> default_;
  std::set<std::pair<std::string, int64_t>> listened_;
};

}  // namespace

Result<std::vector<Redirect>> resolve(const Record& network, const std::string& listen_address, const api::NetworkForwardPut& put) {
  auto listen = IpAddress::parse(listen_address);
  if (!listen) return fail(Code::invalid, "Invalid listen address");
  if (listen->is_unspecified()) return fail(Code::invalid, "Cannot use unspecified address: {}", quote(listen->text()));
  return Resolver(network, *listen, put).run();
}

}  // namespace network::forward
