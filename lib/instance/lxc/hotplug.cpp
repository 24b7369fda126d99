// Changing a running container: mounts, network interfaces, device rules, limits.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "device/io_limits.h"
#include "instance/lxc/container_impl.h"
#include "instance/lxc/exec_request.h"
#include "instance/lxc/limits.h"
#include "sys/fd_passing.h"
#include "sys/netlink.h"
#include "sys/proc.h"

namespace instance::lxc {
namespace {

Result<> run_helper(const Context& ctx, const std::string& name, StringList args, int init_fd) {
  sys::SpawnSpec helper = sys::self_spec(name, std::move(args));
  helper.environment = StringList{};
  helper.fds = {{init_fd, 3}};
  auto output = TRY(sys::run(ctx, std::move(helper), {.check = false}));
  if (output.status.ok()) return {};
  return fail(Code::internal, "{}", output.err.empty() ? "The helper " + name + " failed" : std::string(trim(output.err)));
}

}  // namespace

Result<> Container::attach_mount(const Context& ctx, const device::MountEntry& mount) {
  UniqueFd init = TRY(impl_->running_init());
  StringList options = mount.options;
  sys::IdPair root{0, 0};
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->spec.idmap.empty()) root = impl_->spec.idmap.to_host(0, 0);
    if (mount.idmap && !impl_->spec.idmap.empty()) options.push_back("idmap");
  }
  auto done = run_helper(ctx, "forkmount", {"attach", mount.source, mount.target, mount.fs_type.empty() ? "none" : mount.fs_type, join(options, ","), std::to_string(root.uid), std::to_string(root.gid)},
                         init.get());
  if (!done) return Failure(done.error().wrap("Failed to add mount for device inside container"));
  return {};
}

Result<> Container::detach_mount(const Context& ctx, const std::string& target, bool remove_target) {
  UniqueFd init = TRY(impl_->running_init());
  auto done = run_helper(ctx, "forkmount", {"detach", target, remove_target ? "1" : "0"}, init.get());
  if (!done) return Failure(done.error().wrap("Error unmounting the device path inside container"));
  return {};
}

Result<> Container::attach_nic(const Context& ctx, const device::NicEntry& nic, const StringMap& items) {
  pid_t pid = 0;
  UniqueFd init = TRY(impl_->running_init(&pid));
  sys::Netlink netlink = TRY(sys::Netlink::open());
  if (!nic.hwaddr.empty()) TRY(netlink.set_hwaddr(nic.host_name, nic.hwaddr));
  TRY_CTX(netlink.move_to(nic.host_name, pid, nic.name), "Failed to attach interface: {} to {}", nic.host_name, nic.name);
  StringList addresses, gateways;
  for (const char* family : {"ipv4", "ipv6"}) {
    // "10.0.0.1/32 0.0.0.0": the broadcast address is liblxc's.
    for (const std::string& address : split_list(get_or(items, std::format("nic.{}.address", family)), ',')) addresses.push_back(split(address, ' ', 2)[0]);
    std::string gateway = get_or(items, std::format("nic.{}.gateway", family));
    if (!gateway.empty()) gateways.push_back(gateway);
  }
  return run_helper(ctx, "forknet", {"up", nic.name, join(addresses, ","), join(gateways, ",")}, init.get());
}

Result<> Container::detach_nic(const Context& ctx, const std::string& name, const std::string& host_name) {
  UniqueFd init = TRY(impl_->running_init());
  auto done = run_helper(ctx, "forknet", {"detach", name, host_name, std::to_string(getpid())}, init.get());
  if (!done) return Failure(done.error().wrap(std::format("Failed to detach interface: {} to {}", quote(name), quote(host_name))));
  return {};
}

Result<UniqueFd> Container::connect_tcp(const Context& ctx, const std::string& address, int64_t port) {
  UniqueFd init = TRY(impl_->running_init());
  auto [ours, theirs] = TRY(sys::socket_pair());
  sys::SpawnSpec helper = sys::self_spec("forknet", {"connect", address, std::to_string(port)});
  helper.environment = StringList{};
  helper.fds = {{init.get(), 3}, {theirs.get(), 4}};
  auto output = TRY(sys::run(ctx, std::move(helper), {.check = false}));
  theirs.reset();
  if (!output.status.ok()) return fail(Code::internal, "{}", trim(output.err));
  sys::ReceivedFds received = TRY(sys::receive_fds(ours.get()));
  if (received.fds.size() != 1) return fail(Code::internal, "The helper forknet gave no connection");
  return std::move(received.fds[0]);
}

Result<> Container::allow_device(const Context& ctx, const device::CgroupEntry& rule) {
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->spec.idmap.empty()) return {};
  }
  sys::SpawnSpec helper = sys::self_spec("forkcgroup", {impl_->paths.id, impl_->paths.lxc_path, rule.allow ? "devices.allow" : "devices.deny", rule.rule});
  helper.environment = StringList{};
  TRY_CTX(sys::run(ctx, std::move(helper)), "Failed to add cgroup rule for device");
  return {};
}

Result<> Container::offer_guest_api(const Context& ctx, bool offer) {
  constexpr const char* kTarget = "dev/incus";
  pid_t init = 0;
  TRY(impl_->running_init(&init));
  bool offered = access(std::format("/proc/{}/root/{}/sock", init, kTarget).c_str(), F_OK) == 0;
  if (offer == offered) return {};
  if (!offer) return detach_mount(ctx, kTarget, true);
  return attach_mount(ctx, {.device = "", .source = impl_->paths.guest_api, .target = kTarget, .fs_type = "none", .options = {"bind", "create=dir"}});
}

Result<> Container::plug(const Context& ctx, const device::RunConfig& run, Reverter& undo) {
  for (const device::CgroupEntry& rule : run.cgroup) TRY(allow_device(ctx, rule));
  for (const device::MountEntry& mount : run.mounts) {
    TRY(attach_mount(ctx, mount));
    undo.add("detach mount", [this, target = mount.target](const Context& c) { return detach_mount(c, target, false); });
  }
  for (const device::NicEntry& nic : run.nics) TRY(attach_nic(ctx, nic, run.lxc));
  for (const auto& [file, value] : run.cgroup_files) TRY(set_cgroup(file, value));
  for (const auto& hook : run.post_start) TRY(hook(ctx));
  return {};
}

Result<> Container::unplug(const Context& ctx, const device::RunConfig& run) {
  for (const device::NicEntry& nic : run.nics) TRY(detach_nic(ctx, nic.name, nic.host_name));
  for (const device::MountEntry& mount : run.mounts) TRY(detach_mount(ctx, mount.target, contains(mount.options, "create=file")));
  for (const auto& [file, value] : run.cgroup_files) TRY(set_cgroup(file, device::io_unlimited(value)));
  for (device::CgroupEntry rule : run.cgroup) {
    rule.allow = false;
    TRY(allow_device(ctx, rule));
  }
  return {};
}

Result<> Container::use_cpus(const std::vector<int>& cpus) {
  constexpr const char* kFile = "cpuset.cpus";
  if (!sys::cgroup_supports("cpuset")) return {};
  auto group = impl_->running_cgroup();
  if (!group || (cpus.empty() && group->read(kFile).value_or("").empty())) return {};  // it just ended; it has all
  std::string wanted;
  for (int cpu : cpus) wanted += std::format("{}{}", wanted.empty() ? "" : ",", cpu);
  if (!wanted.empty()) return set_cgroup(kFile, wanted);
  // An empty line takes those of the group above; kernels before 6.8 refuse it to a group that has processes.
  auto written = set_cgroup(kFile, "\n");
  if (written || written.error().sys_errno() != ENOSPC) return written;
  return set_cgroup(kFile, std::string(trim(TRY(read_file("/sys/devices/system/cpu/online", 4096)))));
}

Result<> Container::set_cgroup(const std::string& file, const std::string& value) { return TRY(impl_->running_cgroup()).write(file, value); }

Result<> Container::apply_limits(const Context&, const StringMap& old_config, const StringMap& config) {
  pid_t init = 0;
  TRY(impl_->running_init(&init));
  {
    std::lock_guard lock(impl_->mutex);
    impl_->spec.config = config;
  }
  auto before = cgroup_settings(old_config, true, sys::cgroup_supports);
  for (const CgroupSetting& setting : TRY(cgroup_settings(config, true, sys::cgroup_supports))) {
    if (before && std::ranges::find(*before, setting) != before->end()) continue;
    auto written = set_cgroup(setting.file, setting.value);
    if (!written && !(setting.optional && written.error().code() == Code::not_found)) return written;
  }
  std::string score = get_or(config, "limits.memory.oom_priority");
  if (score != get_or(old_config, "limits.memory.oom_priority")) TRY(sys::set_oom_score(init, parse_int(score).value_or(0)));
  for (const auto& [key, value] : config) {
    if (!key.starts_with("limits.kernel.") || get_or(old_config, key) == value) continue;
    ResourceLimit limit = TRY(parse_resource_limit(key.substr(14), value));
    rlimit wanted{limit.soft, limit.hard};
    if (prlimit(init, static_cast<__rlimit_resource>(limit.resource), &wanted, nullptr) < 0) return fail_errno("Failed setting " + key);
  }
  return {};
}

}  // namespace instance::lxc
