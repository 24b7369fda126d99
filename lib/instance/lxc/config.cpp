#include "instance/lxc/config.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "api/architecture.h"
#include "instance/lxc/limits.h"
#include "instance/lxc/nvidia.h"
#include "instance/lxc/seccomp.h"
#include "sys/cgroup.h"

namespace instance::lxc {
namespace {

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

bool is_folder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string escape_fstab(const std::string& path) {
  std::string result;
  for (char c : path) {
    if (c == ' ') result += "\\040";
    else if (c == '\t') result += "\\011";
    else if (c == '\n') result += "\\012";
    else if (c == '\\') result += "\\\\";
    else result += c;
  }
  return result;
}

// Kernel file systems that a container sees as the host has them.
constexpr const char* kHostBinds[] = {"/dev/fuse", "/dev/net/tun", "/sys/firmware/efi/efivars", "/sys/fs/fuse/connections", "/sys/fs/pstore",
                                      "/sys/kernel/config", "/sys/kernel/debug", "/sys/kernel/security", "/sys/kernel/tracing"};

// What a privileged container may do with device nodes: make any, use the harmless ones.
constexpr const char* kAllowedDevices[] = {"b *:* m", "c *:* m", "c 136:* rwm", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",
                                           "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 10:229 rwm", "c 10:200 rwm"};

constexpr const char* kLxcfsRoot = "/var/lib/lxcfs";

Result<> bind_host_path(ConfigText& config, const std::string& path) {
  if (!exists(path)) return {};
  bool folder = is_folder(path);
  return config.add_mount(path, path.substr(1), "none", {folder ? "rbind" : "bind", folder ? "create=dir" : "create=file", "optional"});
}

/// lxcfs' files over those of proc and sys: what its own mount hook does, without running a script.
Result<> add_lxcfs(ConfigText& config) {
  DIR* folder = opendir((std::string(kLxcfsRoot) + "/proc").c_str());
  if (!folder) return {};
  StringList names;
  while (dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  closedir(folder);
  std::ranges::sort(names);
  for (const std::string& name : names) {
    if (exists("/proc/" + name)) TRY(config.add_mount(std::format("{}/proc/{}", kLxcfsRoot, name), "proc/" + name, "none", {"bind", "optional"}));
  }
  std::string cpus = std::string(kLxcfsRoot) + "/sys/devices/system/cpu";
  if (is_folder(cpus)) TRY(config.add_mount(cpus, "sys/devices/system/cpu", "none", {"rbind", "optional"}));
  return {};
}

/// The distribution's snippets for all containers, but lxcfs': that one is a script, see add_lxcfs().
Result<> add_snippets(ConfigText& config) {
  const char* set = getenv("INCUS_LXC_TEMPLATE_CONFIG");
  std::string folder = std::format("{}/common.conf.d", set ? set : "/usr/share/lxc/config");
  DIR* open_folder = opendir(folder.c_str());
  if (!open_folder) return {};
  StringList names;
  while (dirent* entry = readdir(open_folder)) {
    std::string name = entry->d_name;
    if (name.ends_with(".conf") && !name.ends_with("lxcfs.conf")) names.push_back(name);
  }
  closedir(open_folder);
  std::ranges::sort(names);
  for (const std::string& name : names) TRY(config.add("lxc.include", folder + "/" + name));
  return {};
}

Result<> add_logs(ConfigText& config, const ContainerPaths& paths) {
  TRY(config.add("lxc.log.file", paths.log + "/lxc.log"));
  TRY(config.add("lxc.log.level", "warn"));
  TRY(config.add("lxc.console.buffer.size", "auto"));
  TRY(config.add("lxc.console.size", "auto"));
  return config.add("lxc.console.logfile", paths.log + "/console.log");
}

Result<> add_security(ConfigText& config, const RunSpec& spec, const ContainerPaths& paths, const std::string& seccomp_file) {
  bool privileged = spec.idmap.empty();
  if (privileged) TRY(config.add("lxc.cap.drop", "sys_time sys_module sys_rawio mac_admin mac_override"));
  TRY(config.add("lxc.apparmor.profile", "unconfined"));
  if (!seccomp_file.empty()) TRY(config.add("lxc.seccomp.profile", seccomp_file));
  if (needs_intercept(spec.config, privileged)) {
    TRY(config.add("lxc.seccomp.notify.proxy", "unix:" + paths.notify_socket));
    TRY(config.add("lxc.seccomp.notify.cookie", paths.id));
  }
  for (const std::string& line : spec.idmap.lxc_lines()) TRY(config.add("lxc.idmap", line));
  if (!privileged) return {};
  TRY(config.add("lxc.cgroup2.devices.deny", "a"));
  for (const char* device : kAllowedDevices) TRY(config.add("lxc.cgroup2.devices.allow", device));
  return {};
}

Result<> add_base_mounts(ConfigText& config, const RunSpec& spec, const ContainerPaths& paths) {
  bool privileged = spec.idmap.empty();
  TRY(config.add("lxc.mount.auto", privileged ? "proc:mixed sys:mixed cgroup:rw:force" : "proc:rw sys:rw cgroup:rw:force"));
  TRY(config.add("lxc.autodev", "1"));
  TRY(config.add("lxc.pty.max", "1024"));
  TRY(config.add("lxc.tty.max", "0"));
  for (const char* path : kHostBinds) TRY(bind_host_path(config, path));
  if (privileged) {
    TRY(bind_host_path(config, "/proc/sys/fs/binfmt_misc"));
    TRY(config.add_mount("mqueue", "dev/mqueue", "mqueue", {"rw", "relatime", "create=dir", "optional"}));
  } else {
    TRY(bind_host_path(config, "/dev/mqueue"));
  }
  if (is_true(get_or(spec.config, "security.nesting"))) {
    // Fresh instances of both, or the kernel refuses to mount them in a user namespace because parts of ours are covered.
    TRY(config.add_mount("proc", "dev/.lxc/proc", "proc", {"create=dir", "optional"}));
    TRY(config.add_mount("sys", "dev/.lxc/sys", "sysfs", {"create=dir", "optional"}));
  }
  TRY(add_snippets(config));
  TRY(add_lxcfs(config));
  std::string guest_api = get_or(spec.config, "security.guestapi");
  if ((guest_api.empty() || is_true(guest_api)) && is_folder(paths.guest_api)) {
    TRY(config.add_mount(paths.guest_api, "dev/incus", "none", {"bind", "create=dir"}));
  }
  if (is_folder(paths.credentials)) {
    TRY(config.add("lxc.environment", "CREDENTIALS_DIRECTORY=/dev/.incus-systemd-credentials"));
    TRY(config.add_mount(paths.credentials, "dev/.incus-systemd-credentials", "none", {"bind", "ro", "create=dir"}));
  }
  return {};
}

Result<> add_rootfs(ConfigText& config, const RunSpec& spec, const ContainerPaths& paths) {
  TRY(config.add("lxc.rootfs.path", "dir:" + spec.rootfs));
  TRY(config.add("lxc.rootfs.mount", paths.run + "/root"));
  StringList options = spec.rootfs_options;
  if (!spec.idmap.empty() && spec.rootfs_idmapped) options.push_back("idmap=container");
  if (!options.empty()) TRY(config.add("lxc.rootfs.options", join(options, ",")));
  return {};
}

/// Items of a device that belong to its NIC: "nic.ipv4.address" becomes lxc.net.N.ipv4.address, once for each of a comma separated list.
constexpr std::string_view kNicItem = "nic.";

Result<> add_device(ConfigText& config, const RunSpec& spec, const device::RunConfig& device, int& nic_index) {
  bool privileged = spec.idmap.empty();
  for (const device::MountEntry& mount : device.mounts) {
    StringList options = mount.options;
    if (mount.optional && !contains(options, "optional")) options.push_back("optional");
    if (mount.idmap && !privileged) options.push_back("idmap=container");
    TRY(config.add_mount(mount.source, mount.target, mount.fs_type, options));
  }
  if (privileged) {
    for (const device::CgroupEntry& rule : device.cgroup) TRY(config.add(rule.allow ? "lxc.cgroup2.devices.allow" : "lxc.cgroup2.devices.deny", rule.rule));
  }
  for (const device::NicEntry& nic : device.nics) {
    std::string key = std::format("lxc.net.{}.", nic_index++);
    TRY(config.add(key + "type", get_or(device.lxc, "nic.type", "phys")));
    TRY(config.add(key + "name", nic.name));
    TRY(config.add(key + "flags", "up"));
    TRY(config.add(key + "link", nic.host_name));
    if (!nic.hwaddr.empty()) TRY(config.add(key + "hwaddr", nic.hwaddr));
    for (const auto& [item, values] : device.lxc)
      if (item.starts_with(kNicItem) && item != "nic.type")
        for (const std::string& value : split_list(values)) TRY(config.add(key + item.substr(kNicItem.size()), value));
  }
  for (const auto& [file, value] : device.cgroup_files)
    for (const sys::legacy::Setting& item : TRY(sys::cgroup_lxc_items(file, value))) TRY(config.add(item.file, item.value));
  for (const auto& [key, value] : device.lxc)
    if (!key.starts_with(kNicItem)) TRY(config.add(key, value));
  for (const std::string& entry : device.environment) TRY(config.add("lxc.environment", entry));
  return {};
}

Result<> add_limits(ConfigText& config, const RunSpec& spec) {
  std::vector<sys::legacy::Setting> items;
  for (const CgroupSetting& setting : TRY(cgroup_settings(spec.config, false, sys::cgroup_supports))) {
    auto more = TRY_CTX(sys::cgroup_lxc_items(setting.file, setting.value, items), "Failed setting limits");
    items.insert(items.end(), more.begin(), more.end());
  }
  for (const sys::legacy::Setting& item : items) TRY(config.add(item.file, item.value));
  std::string oom_score = get_or(spec.config, "limits.memory.oom_priority");
  if (!oom_score.empty()) TRY(config.add("lxc.proc.oom_score_adj", oom_score));
  for (const auto& [key, value] : spec.config) {
    if (key.starts_with("limits.kernel.")) TRY(config.add("lxc.prlimit." + key.substr(14), value));
    if (key.starts_with("linux.sysctl.")) TRY(config.add("lxc.sysctl." + key.substr(13), value));
    // A value with a newline can't be written in this file: it reaches the commands that are run by exec only.
    if (key.starts_with("environment.") && !value.contains('\n')) TRY(config.add("lxc.environment", std::format("\"{}={}\"", key.substr(12), value)));
  }
  return {};
}

/// "linux64" or "linux32". An architecture that we can't run is the server's own.
Result<std::string> personality_of(const std::string& architecture) {
  auto id = api::architecture_id(architecture);
  return std::string(api::architecture_personality(id ? *id : api::local_architecture()));
}

/// For lxc.init.cmd, whose parser knows quotes around whole words and no escapes. Errors: invalid: a word that can't be written so.
Result<std::string> quote_command(const StringList& words) {
  StringList quoted;
  for (const std::string& word : words) {
    if (!word.empty() && word.find_first_of(" \t\"'") == word.npos) quoted.push_back(word);
    else if (!word.contains('"')) quoted.push_back("\"" + word + "\"");
    else if (!word.contains('\'')) quoted.push_back("'" + word + "'");
    else return fail(Code::invalid, "The entry point's argument {} holds both kinds of quotes", quote(word));
  }
  return join(quoted, " ");
}

/// What liblxc's shell starts before the entry point, with the monitor as its parent: ourselves, so that no path can be replaced in between.
std::string dhcp_hook(const OciSpec& oci) {
  return std::format("/proc/$PPID/exe forkdhcp '{}' '{}'", replace_all(oci.network_folder, "'", "'\\''"), replace_all(oci.dhcp_log, "'", "'\\''"));
}

Result<> add_oci(ConfigText& config, const OciSpec& oci) {
  TRY(config.add("lxc.sysctl.net.ipv4.ip_unprivileged_port_start", "0"));
  TRY(config.add("lxc.sysctl.net.ipv4.ping_group_range", std::format("0 {}", oci.last_gid)));
  TRY(config.add("lxc.init.cmd", TRY(quote_command(oci.command))));
  TRY(config.add("lxc.init.cwd", oci.cwd));
  TRY(config.add("lxc.init.uid", std::to_string(oci.uid)));
  TRY(config.add("lxc.init.gid", std::to_string(oci.gid)));
  for (const device::MountEntry& mount : oci.mounts) TRY(config.add_mount(mount.source, mount.target, mount.fs_type, mount.options));
  return config.add("lxc.hook.start-host", dhcp_hook(oci));
}

// Built-in commands of the shell that liblxc runs hooks with: nothing is executed. liblxc puts `exec ` in front, so the first is a mere redirection.
constexpr const char* kPostStopHook = "3>&-; printf %s \"$LXC_TARGET\" > \"$INCUSBOX_STOP_FILE\"; exit 1 #";

}  // namespace

Result<> ConfigText::add(const std::string& key, const std::string& value) {
  if (value.contains('\n') || key.contains('\n')) return fail(Code::invalid, "Invalid value {} for {}: it holds a line break", quote(value), key);
  text_ += std::format("{} = {}\n", key, value);
  return {};
}

Result<> ConfigText::add_mount(const std::string& source, const std::string& target, const std::string& type, const StringList& options) {
  return add("lxc.mount.entry", std::format("{} {} {} {} 0 0", escape_fstab(source), escape_fstab(target), type.empty() ? "none" : type, join(options, ",")));
}

Result<std::string> render_config(const RunSpec& spec, const ContainerPaths& paths, const std::string& seccomp_file) {
  ConfigText config;
  TRY(add_logs(config, paths));
  TRY(add_security(config, spec, paths, seccomp_file));
  TRY(config.add("lxc.arch", TRY(personality_of(spec.architecture))));
  TRY(config.add("lxc.uts.name", spec.name));
  TRY(config.add("lxc.hook.version", "1"));
  TRY(config.add("lxc.hook.post-stop", kPostStopHook));
  TRY(add_rootfs(config, spec, paths));
  TRY(add_base_mounts(config, spec, paths));
  TRY(add_limits(config, spec));
  for (const auto& [key, value] : TRY(nvidia_items(spec))) TRY(config.add(key, value));
  int nic_index = 0;
  for (const device::RunConfig& device : spec.devices) TRY(add_device(config, spec, device, nic_index));
  if (spec.oci) TRY(add_oci(config, *spec.oci));
  std::string raw = get_or(spec.config, "raw.lxc");
  if (!raw.empty()) config.add_raw(raw + "\n");
  return config.text();
}

}  // namespace instance::lxc
