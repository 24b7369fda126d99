// Addresses for application containers, whose images bring no DHCP client: runs in the container's network namespace for as long as its init lives,
// keeps leases and writes resolv.conf. liblxc's start-host hook starts it and so waits, for five seconds at most, until the network is there.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "api/json.h"
#include "applets/applet.h"
#include "base/context.h"
#include "base/encode.h"
#include "base/timestamp.h"
#include "base/unique_fd.h"
#include "sys/dhcp4.h"
#include "sys/netlink.h"
#include "sys/spawn.h"

namespace {

using namespace std::chrono_literals;
namespace dhcp4 = sys::dhcp4;

constexpr auto kStartPatience = 5s;       // how long the container's start waits
constexpr auto kFirstRetry = 1s, kLastRetry = 32s;
constexpr uint32_t kDefaultLease = 120;   // seconds, where a server doesn't say
constexpr uint32_t kShortestLease = 30;

/// What the daemon says about an interface (network/interfaces.json).
struct Wanted {
  bool dhcp4 = true, dhcp6 = true, route4 = true, route6 = true;
};

class Log {
 public:
  explicit Log(std::string path) : path_(std::move(path)) {}
  void line(const std::string& text) const {
    UniqueFd fd(open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (fd) dprintf(fd.get(), "%s %s\n", Timestamp::now().rfc3339().c_str(), text.c_str());
  }
  void result(const std::string& what, const Result<>& done) const {
    if (!done) line(what + ": " + done.error().message());
  }

 private:
  std::string path_;
};

/// One interface's lease: asks, takes, renews, starts over when it is lost. All times are those of the poll loop.
class Leaser {
 public:
  Leaser(const Log& log, std::string name, MacAddress hwaddr, std::string host_name, bool route)
      : log_(&log), name_(std::move(name)), hwaddr_(hwaddr), host_name_(std::move(host_name)), route_(route) {}

  Result<> open() {
    fd_.reset(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP)));
    if (!fd_) return fail_errno("Failed opening a packet socket");
    sockaddr_ll address = everybody();
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail_errno("Failed binding to " + name_);
    start_over();
    return {};
  }

  int fd() const { return fd_.get(); }
  Clock::time_point due() const { return due_; }
  const std::string& name() const { return name_; }
  /// The lease, if there is one now.
  const std::optional<dhcp4::Answer>& lease() const { return lease_; }

  /// Something is due: ask (again), renew, or give up a lease that ran out.
  void act() {
    if (lease_ && Clock::now() >= expires_) {
      log_->line(name_ + ": the lease ran out");
      drop();
    }
    if (!lease_) retry_ = std::min<Duration>(retry_ * 2, kLastRetry);
    dhcp4::Question question{.type = dhcp4::Type::discover, .transaction = transaction_, .hwaddr = hwaddr_, .host_name = host_name_, .current = {}, .requested = {}, .server = {}};
    if (lease_) {
      question.type = dhcp4::Type::request;
      question.current = lease_->address;
      retry_ = std::max<Duration>((expires_ - Clock::now()) / 2, kFirstRetry);
    }
    send(question);
    due_ = Clock::now() + retry_;
  }

  /// Reads what arrived. True if the lease changed.
  bool receive() {
    char buffer[2048];
    for (bool changed = false;;) {
      ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got < 0) return changed;
      auto answer = dhcp4::parse_packet({buffer, static_cast<size_t>(got)}, transaction_, hwaddr_);
      if (answer) changed |= take(*answer);
    }
  }

 private:
  sockaddr_ll everybody() const {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_IP);
    address.sll_ifindex = static_cast<int>(if_nametoindex(name_.c_str()));
    address.sll_halen = 6;
    std::fill_n(address.sll_addr, 6, 0xff);
    return address;
  }

  void send(const dhcp4::Question& question) {
    std::string packet = dhcp4::make_packet(question);
    sockaddr_ll to = everybody();
    // Lost ones are sent again anyhow.
    (void)sendto(fd_.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }

  void start_over() {
    std::string bytes = random_bytes(4);
    std::copy_n(bytes.data(), 4, reinterpret_cast<char*>(&transaction_));
    retry_ = kFirstRetry / 2;
    due_ = Clock::now();
  }

  bool take(const dhcp4::Answer& answer) {
    if (answer.type == dhcp4::Type::nak) {
      log_->line(name_ + ": the server refused the address");
      bool had = lease_.has_value();
      drop();
      return had;
    }
    if (!answer.address.is_global_unicast() || answer.server.is_unspecified()) return false;
    if (answer.type == dhcp4::Type::offer && !lease_) {
      send({.type = dhcp4::Type::request, .transaction = transaction_, .hwaddr = hwaddr_, .host_name = host_name_, .current = {}, .requested = answer.address, .server = answer.server});
      return false;
    }
    if (answer.type != dhcp4::Type::ack) return false;
    apply(answer);
    return true;
  }

  void apply(const dhcp4::Answer& answer) {
    if (lease_ && lease_->address != answer.address) drop();
    bool fresh = !lease_;
    lease_ = answer;
    uint32_t seconds = std::max(answer.lease ? answer.lease : kDefaultLease, kShortestLease);
    uint32_t renew = answer.renew && answer.renew < seconds ? answer.renew : seconds / 2;
    expires_ = Clock::now() + std::chrono::seconds(seconds);
    due_ = Clock::now() + std::chrono::seconds(renew);
    if (!fresh) return;
    log_->line(std::format("{}: {} for {} seconds", name_, address(), seconds));
    log_->result(name_, configure());
  }

  std::string address() const { return std::format("{}/{}", lease_->address.text(), lease_->prefix ? lease_->prefix : 24); }

  Result<> configure() {
    sys::Netlink netlink = TRY(sys::Netlink::open());
    auto added = netlink.add_address(name_, address());
    if (!added && added.error().code() != Code::conflict) return added;
    for (const dhcp4::StaticRoute& route : lease_->routes) {
      if (route.destination.prefix == 0) {
        TRY(set_default(netlink, route.gateway));
        continue;
      }
      sys::Route wanted{.family = AF_INET, .destination = std::format("{}/{}", route.destination.first().text(), route.destination.prefix), .device = name_, .protocol = "dhcp"};
      if (!route.gateway.is_unspecified()) wanted.gateway = route.gateway.text();
      TRY(netlink.replace_route(wanted));
    }
    if (lease_->routes.empty() && !lease_->gateways.empty()) return set_default(netlink, lease_->gateways[0]);
    return {};
  }

  /// Of several interfaces the one whose name comes first has the default route.
  Result<> set_default(sys::Netlink& netlink, const IpAddress& gateway) {
    if (!route_ || gateway.is_unspecified()) return {};
    for (const sys::Route& route : TRY(netlink.routes(AF_INET)))
      if (route.destination == "default" && !route.device.empty() && route.device < name_) return {};
    return netlink.replace_route({.family = AF_INET, .destination = "default", .gateway = gateway.text(), .device = name_, .protocol = "dhcp"});
  }

  void drop() {
    if (lease_) {
      auto netlink = sys::Netlink::open();
      if (netlink) log_->result(name_, netlink->remove_address(name_, address()));
    }
    lease_.reset();
    start_over();
  }

  const Log* log_;
  std::string name_;
  MacAddress hwaddr_;
  std::string host_name_;
  bool route_;
  UniqueFd fd_;
  uint32_t transaction_ = 0;
  Duration retry_ = kFirstRetry;
  Clock::time_point due_, expires_;
  std::optional<dhcp4::Answer> lease_;
};

/// resolv.conf: what the daemon wrote at the start (oci.dns.*) stays; what it left open comes from the leases.
class Resolver {
 public:
  explicit Resolver(std::string path) : path_(std::move(path)) {
    auto text = read_file(path_, 64 << 10);
    for (const std::string& line : split(text ? *text : "", '\n')) {
      StringList words = split_list(line, ' ');
      if (words.size() < 2) continue;
      if (words[0] == "nameserver") servers_.push_back(words[1]);
      if (words[0] == "search") search_.assign(words.begin() + 1, words.end());
      if (words[0] == "domain") domain_ = words[1];
    }
  }

  /// Written in place: the file is bind-mounted into the container.
  Result<> write(const std::vector<Leaser>& leasers) const {
    StringList servers = servers_, search = search_;
    std::string domain = domain_;
    for (const Leaser& leaser : leasers) {
      if (!leaser.lease()) continue;
      for (const IpAddress& server : leaser.lease()->name_servers)
        if (servers_.empty() && !contains(servers, server.text())) servers.push_back(server.text());
      for (const std::string& name : leaser.lease()->search)
        if (search_.empty() && !contains(search, name)) search.push_back(name);
      if (domain.empty()) domain = leaser.lease()->domain;
    }
    std::string text;
    for (const std::string& server : servers) text += "nameserver " + server + "\n";
    if (!search.empty()) text += "search " + join(search, " ") + "\n";
    else if (!domain.empty()) text += "domain " + domain + "\n";
    text += "options edns0\n";
    UniqueFd fd(open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno("Failed writing " + path_);
    return {};
  }

 private:
  std::string path_, domain_;
  StringList servers_, search_;
};

std::map<std::string, Wanted> read_wanted(const std::string& path) {
  std::map<std::string, Wanted> out;
  auto text = read_file(path, 1 << 20);
  auto json = text ? api::parse_json(*text) : Result<Json>(fail(Code::not_found, ""));
  if (!json || !json->is_object()) return out;
  for (const auto& [name, item] : json->items()) {
    auto flag = [&](const char* key) { return !item.is_object() || !item.contains(key) || item[key] != false; };
    out[name] = {flag("dhcp4"), flag("dhcp6"), flag("route4"), flag("route6")};
  }
  return out;
}

/// What router advertisements may do: `what` is "accept_ra" (anything) or "accept_ra_defrtr" (show the way out).
void refuse_advertised(const std::string& name, const char* what) {
  UniqueFd fd(open(std::format("/proc/sys/net/ipv6/conf/{}/{}", name, what).c_str(), O_WRONLY | O_CLOEXEC));
  if (fd) (void)!write(fd.get(), "0", 1);
}

/// Out of the monitor's control groups: liblxc deletes those when the container ends, which we learn at the same moment.
void leave_cgroups() {
  auto text = read_file("/proc/self/cgroup", 64 << 10);
  for (const std::string& line : split(text ? *text : "", '\n')) {
    StringList fields = split(line, ':', 3);
    if (fields.size() != 3) continue;
    size_t monitor = fields[2].find("/lxc.monitor.");
    if (monitor == std::string::npos) continue;
    std::string parent = fields[2].substr(0, monitor), controllers = fields[1].starts_with("name=") ? fields[1].substr(5) : fields[1];
    StringList mounts = {"/sys/fs/cgroup/" + controllers};
    if (controllers.empty()) mounts = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    for (const std::string& mount : mounts) {
      UniqueFd fd(open((mount + parent + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
      if (fd) (void)!write(fd.get(), "0", 1);
    }
  }
}

Result<std::vector<Leaser>> make_leasers(const Log& log, const std::string& folder) {
  auto wanted = read_wanted(folder + "/interfaces.json");
  auto host_name = read_file(folder + "/hostname", 4096);
  sys::Netlink netlink = TRY(sys::Netlink::open());
  std::vector<Leaser> out;
  for (const sys::Link& link : TRY(netlink.links())) {
    auto hwaddr = parse_mac(link.hwaddr);
    if ((link.flags & IFF_LOOPBACK) || !hwaddr) continue;
    Wanted mine = wanted.contains(link.name) ? wanted[link.name] : Wanted();
    if (!mine.dhcp6) refuse_advertised(link.name, "accept_ra");
    if (!mine.route6) refuse_advertised(link.name, "accept_ra_defrtr");
    if (!mine.dhcp4) continue;
    log.result(link.name, netlink.set_up(link.name, true));
    Leaser leaser(log, link.name, *hwaddr, host_name ? std::string(trim(*host_name)) : "", mine.route4);
    if (auto opened = leaser.open(); opened) out.push_back(std::move(leaser));
    else log.result(link.name, opened);
  }
  std::ranges::sort(out, {}, &Leaser::name);
  return out;
}

/// Until init ends. `ready` is closed once every interface has its first lease.
void serve(std::vector<Leaser>& leasers, const Resolver& resolver, const Log& log, int init, UniqueFd ready) {
  for (;;) {
    std::vector<pollfd> polled = {{init, POLLIN, 0}};
    auto next = Clock::time_point::max();
    for (Leaser& leaser : leasers) {
      if (Clock::now() >= leaser.due()) leaser.act();
      polled.push_back({leaser.fd(), POLLIN, 0});
      next = std::min(next, leaser.due());
    }
    auto wait = std::chrono::ceil<milliseconds>(next - Clock::now()).count();
    if (poll(polled.data(), polled.size(), static_cast<int>(std::clamp<int64_t>(wait, 0, 3'600'000))) < 0 && errno != EINTR) return;
    if (polled[0].revents) return;
    bool changed = false;
    for (Leaser& leaser : leasers) changed |= leaser.receive();
    if (changed) log.result("resolv.conf", resolver.write(leasers));
    if (std::ranges::all_of(leasers, [](const Leaser& leaser) { return leaser.lease().has_value(); })) ready.reset();
  }
}

/// The parent returns to the hook when the network is there, or has taken too long; the grandchild goes on.
bool stay_behind(UniqueFd& ready) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  UniqueFd read_end(ends[0]);
  ready.reset(ends[1]);
  pid_t child = fork();
  if (child != 0) {
    ready.reset();
    pollfd waiting{read_end.get(), POLLIN, 0};
    (void)poll(&waiting, 1, static_cast<int>(milliseconds(kStartPatience).count()));
    return false;
  }
  setsid();
  // The hook's output ends with the hook.
  int null = open("/dev/null", O_RDWR);
  for (int fd : {0, 1, 2}) dup2(null, fd);
  if (null > 2) close(null);
  if (fork() != 0) _exit(0);
  return chdir("/") == 0;
}

/// `forkdhcp FOLDER LOG`, with LXC_PID in the environment
int run_forkdhcp(const Args& args) {
  const char* pid_text = getenv("LXC_PID");
  auto pid = parse_int(pid_text ? pid_text : "");
  if (args.size() != 2 || !pid) return dprintf(STDERR_FILENO, "forkdhcp: wrong arguments\n"), 1;
  Log log(args[1]);
  auto work = [&]() -> Result<> {
    UniqueFd init = TRY(sys::pidfd_open(static_cast<pid_t>(*pid)));
    if (setns(init.get(), CLONE_NEWNET) != 0) return fail_errno("Failed entering the network namespace");
    auto leasers = TRY(make_leasers(log, args[0]));
    UniqueFd ready;
    if (leasers.empty() || !stay_behind(ready)) return {};
    leave_cgroups();
    (void)write_file_atomic(args[0] + "/dhcp.pid", std::to_string(getpid()), 0644);
    serve(leasers, Resolver(args[0] + "/resolv.conf"), log, init.get(), std::move(ready));
    _exit(0);
  };
  log.result("DHCP", work());
  // A container without addresses is still one that can be repaired.
  return 0;
}

}  // namespace

extern const Applet forkdhcp_applet;
const Applet forkdhcp_applet = {.name = "forkdhcp", .flags = kHidden | kEarly, .summary = "Keep a container's addresses", .run = run_forkdhcp};
