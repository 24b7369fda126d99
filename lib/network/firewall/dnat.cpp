#include "network/firewall/dnat.h"

#include <algorithm>
#include <map>

namespace network::firewall {
namespace {

constexpr std::string_view kInet = "inet";

struct Texts {
  StringList prerouting, output, postrouting;
};

std::string target_text(const Redirect& redirect, const PortRange& ports, bool with_port) {
  std::string address = redirect.target.text();
  if (!with_port) return redirect.target.is_v6() && redirect.protocol.empty() ? "[" + address + "]" : address;
  return std::format("{}:{}", redirect.target.is_v6() ? "[" + address + "]" : address, ports.first);
}

/// What a rule matches at the host's side. A wildcard takes all addresses of the host, but leaves its loopback alone on the way out.
std::string listen_text(const Redirect& redirect, bool output) {
  bool v4 = redirect.listen.is_v4();
  if (!redirect.listen.is_unspecified()) return std::format("{} daddr {}", v4 ? "ip" : "ip6", redirect.listen.text());
  std::string loopback = output ? (v4 ? " ip daddr != 127.0.0.0/8" : " ip6 daddr != ::1/128") : "";
  return std::format("meta nfproto {}{} fib daddr type local", v4 ? "ipv4" : "ipv6", loopback);
}

void add(Texts& texts, const Redirect& redirect) {
  std::string ip = redirect.target.is_v4() ? "ip" : "ip6", target = redirect.target.text();
  auto both = [&](const std::string& rest) {
    texts.prerouting.push_back(listen_text(redirect, false) + rest);
    texts.output.push_back(listen_text(redirect, true) + rest);
  };
  // An instance that asks for its own forward must get its answers through the host.
  std::string hairpin = std::format("{0} saddr {1} {0} daddr {1}", ip, target);
  if (redirect.protocol.empty()) {
    both(std::format(" dnat {} to {}", ip, target_text(redirect, {}, false)));
    texts.postrouting.push_back(hairpin + " masquerade");
    return;
  }
  const auto& targets = redirect.target_ports.empty() ? redirect.listen_ports : redirect.target_ports;
  for (const PortRange& range : port_ranges(targets))
    texts.postrouting.push_back(std::format("{} {} dport {} masquerade", hairpin, redirect.protocol, range.text()));
  for (const auto& [listened, sent] : pair_ports(redirect)) {
    both(std::format(" {} dport {} dnat {} to {}", redirect.protocol, listened.text(), ip, target_text(redirect, sent, sent.count == 1)));
    if (redirect.snat)
      texts.postrouting.push_back(std::format("{} saddr {} {} sport {} snat to {}:{}", ip, target, redirect.protocol, sent.text(),
                                              redirect.listen.text(), listened.text()));
  }
}

}  // namespace

Result<std::vector<int64_t>> parse_ports(const std::string& list) {
  std::vector<int64_t> ports;
  for (const std::string& item : split_list(list)) {
    StringList ends = split(item, '-', 2);
    auto first = parse_int(trim(ends[0])), last = parse_int(trim(ends.back()));
    if (!first || !last || *first < 1 || *last > 65535) return fail(Code::invalid, "Invalid port range {}", quote(item));
    if (ends.size() == 2 && *last <= *first) return fail(Code::invalid, "End port should be higher than start port");
    for (int64_t port = *first; port <= *last; port++) ports.push_back(port);
  }
  return ports;
}

std::vector<PortRange> port_ranges(const std::vector<int64_t>& ports) {
  std::vector<PortRange> ranges;
  for (int64_t port : ports) {
    if (!ranges.empty() && ranges.back().first + ranges.back().count == port) ranges.back().count++;
    else ranges.push_back({port, 1});
  }
  return ranges;
}

std::vector<std::pair<PortRange, PortRange>> pair_ports(const Redirect& redirect) {
  const auto& listened = redirect.listen_ports;
  const auto& targets = redirect.target_ports.empty() ? listened : redirect.target_ports;
  std::vector<std::pair<PortRange, PortRange>> pairs;
  if (targets.size() == 1) {
    for (const PortRange& range : port_ranges(listened)) pairs.push_back({range, {targets[0], 1}});
    return pairs;
  }
  std::map<int64_t, int64_t> runs;  // first target port of each run -> its length
  for (const PortRange& range : port_ranges(targets)) runs[range.first] = range.count;
  size_t done = 0;
  for (const PortRange& range : port_ranges(listened)) {
    size_t end = done + static_cast<size_t>(range.count);
    // A range that is sent to itself needs one rule; ports that change need one each.
    auto run = runs.find(targets[done]);
    if (run != runs.end() && range.first == targets[done]) {
      int64_t length = std::min(run->second, range.count);
      pairs.push_back({{range.first, length}, {range.first, length}});
      done += static_cast<size_t>(length);
    }
    for (; done < end; done++) pairs.push_back({{listened[done], 1}, {targets[done], 1}});
  }
  return pairs;
}

void set_redirects(Script& script, const std::string& prefix, const std::string& label, const std::vector<Redirect>& redirects) {
  StringList names = {prefix + "prert." + label, prefix + "out." + label, prefix + "pstrt." + label};
  script.drop_chains(kInet, names);
  if (redirects.empty()) return;
  Texts texts;
  // Ports first: a default target would take their traffic.
  for (bool with_ports : {true, false})
    for (const Redirect& redirect : redirects)
      if (redirect.listen_ports.empty() != with_ports) add(texts, redirect);
  const std::string_view hooks[] = {"type nat hook prerouting priority -100; policy accept;", "type nat hook output priority -100; policy accept;",
                                    "type nat hook postrouting priority 100; policy accept;"};
  const StringList* rules[] = {&texts.prerouting, &texts.output, &texts.postrouting};
  for (size_t i = 0; i < 3; i++) {
    script.chain(kInet, names[i], hooks[i]);
    for (const std::string& rule : *rules[i]) script.rule(kInet, names[i], rule);
  }
}

}  // namespace network::firewall
