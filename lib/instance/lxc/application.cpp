#include "instance/lxc/application.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "api/json.h"
#include "archive/stream.h"
#include "instance/lxc/app_init.h"
#include "instance/volume.h"
#include "oci/runtime.h"
#include "sys/beneath.h"
#include "sys/in_root.h"
#include "sys/signal_name.h"

namespace instance::lxc {
namespace {

constexpr const char* kMark = "volatile.container.oci";
constexpr size_t kMaxConfig = 4 << 20;
/// These are process 1 themselves; everything else runs below our own.
constexpr std::string_view kInitSystems[] = {"/init", "/sbin/init", "/s6-init", "/usr/bin/init"};
constexpr const char* kInitTarget = "dev/.incus-init";

/// The volume's config.json; nothing for system containers.
Result<std::optional<oci::Runtime>> read_runtime(int volume) {
  auto fd = sys::open_beneath(volume, "config.json", O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.error().code() == Code::not_found ? Result<std::optional<oci::Runtime>>(std::nullopt) : Failure(fd.error());
  std::string text;
  char buffer[16 << 10];
  auto source = archive::source_from_fd(fd->get());
  while (size_t got = TRY(source(buffer))) {
    text.append(buffer, got);
    if (text.size() > kMaxConfig) return fail(Code::invalid, "config.json is larger than {} bytes", kMaxConfig);
  }
  return TRY(oci::parse_runtime(text));
}

Result<> write_beneath(int folder, const std::string& path, const std::string& text, mode_t mode = 0644) {
  UniqueFd fd = TRY_CTX(sys::open_beneath(folder, path, O_WRONLY | O_CREAT | O_TRUNC, mode), "Failed writing {}", path);
  return archive::sink_to_fd(fd.get())(text);
}

std::string hosts_file(const std::string& name) {
  return std::format("127.0.0.1   localhost\n127.0.1.1   {}\n\n::1     localhost ip6-localhost ip6-loopback\nfe00::0 ip6-localnet\n"
                     "ff00::0 ip6-mcastprefix\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
                     name);
}

/// What is known before DHCP answers; each part that is set here stays as it is.
std::string resolv_file(const StringMap& config) {
  std::string out;
  for (const std::string& server : split_list(get_or(config, "oci.dns.nameservers"))) out += "nameserver " + server + "\n";
  if (auto search = split_list(get_or(config, "oci.dns.search")); !search.empty()) out += "search " + join(search, " ") + "\n";
  if (std::string domain = get_or(config, "oci.dns.domain"); !domain.empty()) out += "domain " + domain + "\n";
  return out + "options edns0\n";
}

/// For the DHCP helper: which interfaces get what by protocol. Others get everything.
std::string interfaces_file(const View& view) {
  Json out = Json::object();
  for (const auto& [device, config] : view.devices) {
    std::string name = get_or(config, "name");
    if (get_or(config, "type") != "nic" || name.empty()) continue;
    auto dynamic = [&](const char* key) { return get_or(config, key) != "none" && !get_or(config, key).contains('/'); };
    out[name] = {{"dhcp4", dynamic("ipv4.address")}, {"dhcp6", dynamic("ipv6.address")},
                 {"route4", get_or(config, "ipv4.gateway") != "none"}, {"route6", get_or(config, "ipv6.gateway") != "none"}};
  }
  return api::dump_json(out);
}

device::MountEntry bind_file(const std::string& source, const std::string& target, StringList more = {}) {
  device::MountEntry mount{.device = "", .source = source, .target = target, .fs_type = "none", .options = {"bind", "create=file"}};
  mount.options.insert(mount.options.end(), more.begin(), more.end());
  return mount;
}

/// hosts, hostname and resolv.conf, beside rootfs/ so that the image's own files stay what they are.
Result<> add_network(const InstancePtr& instance, const View& view, int volume, const RootOwnership& owner, OciSpec& spec) {
  if (mkdirat(volume, "network", 0711) != 0 && errno != EEXIST) return fail_errno("Failed creating the network folder");
  spec.network_folder = instance->mounted.path + "/network";
  spec.dhcp_log = instance->log_path() + "/forknet-dhcp.log";
  TRY(write_beneath(volume, "network/hosts", hosts_file(view.row.name)));
  TRY(write_beneath(volume, "network/hostname", view.row.name + "\n"));
  TRY(write_beneath(volume, "network/resolv.conf", resolv_file(view.config)));
  TRY(write_beneath(volume, "network/interfaces.json", interfaces_file(view)));
  TRY(write_file_atomic(spec.dhcp_log, "", 0644));
  UniqueFd rootfs = TRY(sys::open_beneath(volume, "rootfs", O_RDONLY | O_DIRECTORY));
  auto root = owner.map.empty() || owner.idmapped ? sys::IdPair{0, 0} : owner.map.to_host(0, 0);
  if (auto etc = sys::open_in_root(rootfs.get(), "etc", O_RDONLY | O_DIRECTORY); !etc) {
    UniqueFd made = TRY(sys::make_folders_in_root(rootfs.get(), "etc", 0755));
    if (fchown(made.get(), static_cast<uid_t>(root.uid), static_cast<gid_t>(root.gid)) != 0) return fail_errno("Failed setting the owner of /etc");
  }
  for (const char* name : {"hosts", "hostname", "resolv.conf"}) spec.mounts.push_back(bind_file(spec.network_folder + "/" + name, std::string("etc/") + name));
  return {};
}

bool run_is_empty(int volume) {
  auto run = sys::open_beneath(volume, "rootfs/run", O_RDONLY | O_DIRECTORY);
  if (!run) return true;
  std::error_code error;
  return std::filesystem::is_empty(std::format("/proc/self/fd/{}", run->get()), error) && !error;
}

/// The image's tmpfs mounts, but for places where something is mounted already.
void add_mounts(const oci::Runtime& runtime, const std::vector<device::RunConfig>& devices, int volume, OciSpec& spec) {
  StringList taken = {"dev", "proc", "sys", "sys/fs/cgroup"};
  for (const device::RunConfig& device : devices)
    for (const device::MountEntry& mount : device.mounts) taken.push_back(mount.target);
  for (const oci::RuntimeMount& mount : runtime.mounts) {
    std::string target = mount.destination.substr(1);
    if (target.empty() || contains(taken, target)) continue;
    device::MountEntry entry{.device = "", .source = mount.source, .target = target, .fs_type = mount.type, .options = mount.options};
    entry.options.push_back("create=dir");
    spec.mounts.push_back(std::move(entry));
    taken.push_back(target);
  }
  if (!contains(taken, "run") && run_is_empty(volume))
    spec.mounts.push_back({.device = "", .source = "none", .target = "run", .fs_type = "tmpfs", .options = {"mode=755", "optional"}});
}

/// The entry point, below our init unless it is one itself.
Result<> add_command(const InstancePtr& instance, const View& view, const oci::Runtime& runtime, OciSpec& spec) {
  spec.command = runtime.arguments;
  if (std::string line = get_or(view.config, "oci.entrypoint"); !line.empty()) spec.command = TRY_CTX(oci::split_command(line), "Invalid oci.entrypoint");
  if (spec.command.empty()) return fail(Code::invalid, "The application container has no entry point: set oci.entrypoint");
  if (std::ranges::contains(kInitSystems, spec.command[0])) return {};
  // In the devices folder, as /run may forbid to execute anything.
  std::string file = instance->devices_path() + "/init";
  TRY(write_file_atomic(file, app_init(), 0555));
  spec.mounts.push_back(bind_file(file, kInitTarget, {"ro"}));
  int signal = sys::signal_number(runtime.stop_signal);
  // Escaped, as liblxc's configuration can hold neither all characters nor line breaks; our init takes it back.
  for (std::string& word : spec.command) word = word.empty() ? "%" : url_escape(word);
  spec.command.insert(spec.command.begin(), {std::string("/") + kInitTarget, std::to_string(signal > 0 ? signal : SIGTERM)});
  return {};
}

int64_t last_gid(const sys::IdMap& map) {
  if (map.empty()) return UINT32_MAX - 1;
  int64_t last = 0;
  for (const sys::IdMapEntry& entry : map.entries())
    if (entry.is_gid) last = std::max(last, entry.nsid + entry.size - 1);
  return last;
}

Result<> refuse_keys(const InstancePtr& instance, const View& view) {
  for (const auto& [key, value] : view.config)
    if (key.starts_with("oci.") && !value.empty()) return fail(Code::invalid, "{} is only supported on OCI containers", quote(key));
  return instance->volatile_set({{kMark, ""}});
}

}  // namespace

Result<> adopt_application(const Context& ctx, const InstancePtr& instance) {
  ViewPtr view = instance->view();
  if (get_or(view->row.config, "image.type") != "oci") return {};
  storage::Mounted mounted = TRY(mount_volume(ctx, instance));
  UniqueFd volume = TRY(sys::open_directory(mounted.path));
  auto runtime = TRY(read_runtime(volume.get()));
  if (!runtime) return fail(Code::invalid, "The OCI image has no config.json");
  StringMap keys = {{kMark, "true"}};
  auto set = [&](const std::string& key, const std::string& value) {
    if (get_or(view->config, key).empty() && !value.empty()) keys[key] = value;
  };
  for (const std::string& entry : runtime->environment) set("environment." + entry.substr(0, entry.find('=')), entry.substr(entry.find('=') + 1));
  set("oci.entrypoint", oci::join_command(runtime->arguments));
  set("oci.cwd", runtime->cwd);
  set("oci.uid", std::to_string(runtime->uid));
  set("oci.gid", std::to_string(runtime->gid));
  return instance->volatile_set(keys);
}

Result<std::optional<OciSpec>> prepare_application(const InstancePtr& instance, const RootOwnership& owner, const std::vector<device::RunConfig>& devices) {
  ViewPtr view = instance->view();
  UniqueFd volume = TRY(sys::open_directory(instance->mounted.path));
  auto runtime = TRY(read_runtime(volume.get()));
  if (!runtime) {
    TRY(refuse_keys(instance, *view));
    return std::nullopt;
  }
  TRY(instance->volatile_set({{kMark, "true"}}));
  OciSpec spec;
  TRY(add_command(instance, *view, *runtime, spec));
  spec.cwd = get_or(view->config, "oci.cwd", runtime->cwd);
  spec.uid = parse_int(get_or(view->config, "oci.uid")).value_or(runtime->uid);
  spec.gid = parse_int(get_or(view->config, "oci.gid")).value_or(runtime->gid);
  spec.last_gid = last_gid(owner.map);
  add_mounts(*runtime, devices, volume.get(), spec);
  TRY(add_network(instance, *view, volume.get(), owner, spec));
  return spec;
}

}  // namespace instance::lxc
