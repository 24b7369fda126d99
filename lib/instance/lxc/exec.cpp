// Running commands inside: the `forkexec` helper enters the container and leaves the command as a child of the daemon.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "instance/lxc/container_impl.h"
#include "instance/lxc/exec_request.h"
#include "instance/lxc/limits.h"
#include "instance/lxc/seccomp.h"
#include "instance/lxc/seccomp_filter.h"
#include "sys/proc.h"

namespace instance::lxc {
namespace {

/// A child of ours, though the helper made it (CLONE_PARENT).
class AttachedProcess : public ExecProcess {
 public:
  AttachedProcess(pid_t pid, UniqueFd fd) : child_(pid, std::move(fd)) {}
  pid_t pid() const override { return child_.pid(); }
  int exit_fd() const override { return child_.pidfd(); }
  Result<int> wait(const Context& ctx) override { return TRY(child_.wait(ctx)).shell_code(); }
  Result<> signal(int number) override { return sys::pidfd_signal(child_.pidfd(), number); }
  /// The terminal is a pty of this kernel: who has its outer end sets the size there.
  Result<> resize(int, int) override { return {}; }

 private:
  sys::Child child_;
};

Result<UniqueFd> to_memory_file(std::string_view text) {
  UniqueFd fd(memfd_create("exec", MFD_CLOEXEC));
  if (!fd) return fail_errno("Failed making a memory file");
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno("Failed writing a memory file");
  lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

bool same_namespace(pid_t pid, const char* kind) {
  char ours[64] = "", theirs[64] = "";
  (void)!readlink(std::format("/proc/self/ns/{}", kind).c_str(), ours, sizeof ours - 1);
  (void)!readlink(std::format("/proc/{}/ns/{}", pid, kind).c_str(), theirs, sizeof theirs - 1);
  return std::string_view(ours) == theirs;
}

/// The AppArmor profile init runs under; empty where there is none.
std::string lsm_label(pid_t pid) {
  if (access("/sys/kernel/security/apparmor", F_OK) < 0) return "";
  auto label = read_file(std::format("/proc/{}/attr/current", pid));
  if (!label) return "";
  std::string name = split(trim(*label), ' ')[0];
  return name == "unconfined" ? "" : name;
}

Result<ExecOrder> make_order(pid_t init, const ExecRequest& request, const StringMap& config) {
  ExecOrder order{.command = request.command, .cwd = request.cwd, .uid = request.uid, .gid = request.gid, .terminal = request.interactive};
  StringMap environment = {{"container", "lxc"}};
  for (const auto& [key, value] : request.environment) environment[key] = value;
  for (const auto& [key, value] : environment) order.environment.push_back(key + "=" + value);
  order.enter_user_namespace = !same_namespace(init, "user");
  order.capabilities = parse_uint(sys::status_field(init, "CapBnd"), 16).value_or(~0ull);
  order.no_new_privileges = sys::status_field(init, "NoNewPrivs") == "1";
  order.lsm_label = lsm_label(init);
  for (const auto& [key, value] : config) {
    if (key.starts_with("limits.kernel.")) order.limits.push_back(TRY(parse_resource_limit(key.substr(14), value)));
  }
  return order;
}

/// The container's control group, or a leaf below it where it has controllers enabled (then it can't hold processes itself).
UniqueFd open_group(const sys::Cgroup& group) {
  if (!group) return {};
  auto enabled = group.read("cgroup.subtree_control");
  std::string path = group.path();
  if (enabled && !enabled->empty()) {
    path += "/.lxc";
    mkdir(path.c_str(), 0755);
  }
  return UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Version 1's groups that limit the container; joining the others would cost time and change nothing.
StringList limiting_groups(const sys::Cgroup& group, const StringMap& config) {
  StringList folders;
  auto settings = cgroup_settings(config, false, sys::cgroup_supports);
  for (const CgroupSetting& setting : settings ? *settings : std::vector<CgroupSetting>()) {
    std::string folder = group.legacy_folder(setting.file.substr(0, setting.file.find('.')));
    if (!folder.empty() && !contains(folders, folder)) folders.push_back(folder);
  }
  std::string cpus = get_or(config, "limits.cpu").empty() ? "" : group.legacy_folder("cpuset");
  if (!cpus.empty()) folders.push_back(cpus);
  return folders;
}

/// The command's pid as the helper reports it; its complaint if it fails.
Result<pid_t> read_status(const Context& ctx, int status_fd, int error_fd) {
  std::string text;
  char buffer[256];
  while (!text.contains('\n')) {
    TRY(ctx.wait_fd(status_fd, POLLIN));
    ssize_t count = read(status_fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer, static_cast<size_t>(count));
  }
  auto pid = parse_int(trim(text));
  if (pid && *pid > 0) return static_cast<pid_t>(*pid);
  ssize_t count = read(error_fd, buffer, sizeof buffer);
  std::string why = count > 0 ? std::string(trim(std::string_view(buffer, static_cast<size_t>(count)))) : "the helper ended";
  return fail(Code::internal, "Failed to retrieve PID of executing child process: {}", why);
}

}  // namespace

Result<std::unique_ptr<ExecProcess>> Container::exec(const Context& ctx, const ExecRequest& request) {
  pid_t init = 0;
  UniqueFd init_fd = TRY(impl_->running_init(&init));
  StringMap config;
  bool privileged;
  std::string architecture;
  sys::Cgroup group;
  {
    std::lock_guard lock(impl_->mutex);
    config = impl_->spec.config;
    privileged = impl_->spec.idmap.empty();
    architecture = impl_->spec.architecture;
    group = impl_->cgroup;
  }
  UniqueFd order = TRY(to_memory_file(TRY(make_order(init, request, config)).encode()));
  UniqueFd filter = TRY(seccomp_filter_file(seccomp_policy(config, privileged, architecture).value_or("")));
  UniqueFd group_fd = open_group(group);
  int status[2], errors[2];
  if (pipe2(status, O_CLOEXEC) < 0) return fail_errno("Failed making a pipe");
  UniqueFd status_read(status[0]), status_write(status[1]);
  if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0) return fail_errno("Failed making a pipe");
  UniqueFd error_read(errors[0]), error_write(errors[1]);

  sys::SpawnSpec helper = sys::self_spec("forkexec", {impl_->paths.id, impl_->paths.lxc_path});
  for (const std::string& folder : limiting_groups(group, config)) helper.argv.push_back(folder);
  helper.environment = StringList{};
  helper.stderr_fd = error_write.get();
  helper.cgroup_fd = group_fd.get();
  helper.fds = {{request.stdin_fd, kExecStdin}, {request.stdout_fd, kExecStdout}, {request.stderr_fd, kExecStderr}, {status_write.get(), kExecStatus},
                {order.get(), kExecOrder},      {init_fd.get(), kExecInit}};
  if (filter) helper.fds.push_back({filter.get(), kExecSeccomp});
  sys::Child child = TRY(sys::spawn(helper));
  status_write.reset();
  auto pid = read_status(ctx, status_read.get(), error_read.get());
  TRY(child.wait(Context::detached(seconds(10))));
  if (!pid) return Failure(pid.error());
  UniqueFd pidfd = TRY(sys::pidfd_open(*pid));
  return std::make_unique<AttachedProcess>(*pid, std::move(pidfd));
}

}  // namespace instance::lxc
