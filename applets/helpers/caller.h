// The process whose system call is emulated: a blocked task of a container, and hostile. What it names is looked up by a child that has become it,
// so that the kernel judges it by its own rights. seccomp_unotify(2).
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "instance/lxc/notify_message.h"

namespace syscalls {

using instance::lxc::kContinue;
using instance::lxc::NotifyAnswer;

/// Who the caller is, in the host's ids.
struct Identity {
  uid_t uid = 0, fsuid = 0;  ///< effective and for files
  gid_t gid = 0, fsgid = 0;
  std::vector<gid_t> groups;
  uint64_t capabilities = 0;  ///< effective ones, in its own user namespace
  mode_t umask = 022;
};

/// What the daemon gave along.
struct Order {
  int64_t init = 0;
  std::string devices_path;
  std::string allowed;  ///< security.syscalls.intercept.mount.allowed
  std::string fuse;     ///< ….mount.fuse
  bool shift = false;
  bool bpf_devices = false;
};

class Caller {
 public:
  /// Reads who it is. Errors: not_found once it no longer waits for the answer.
  static Result<Caller> open(const seccomp_notif& request);

  const seccomp_notif& request() const { return request_; }
  const Identity& identity() const { return identity_; }
  uint64_t argument(int index) const { return request_.data.args[index]; }
  /// Does it still wait for the answer? Whatever was read of it before belongs to it only if this says yes afterwards.
  bool waits() const;
  /// One value of its /proc status.
  std::string status(const std::string& key) const;
  /// Its memory. Errors: invalid if it can't be read in full. May block for ever if the caller wants it to.
  Result<> read_memory(uint64_t address, void* into, size_t size) const;
  Result<> write_memory(uint64_t address, const void* from, size_t size) const;
  /// A string that ends within `limit` bytes; empty for address 0. Errors: invalid.
  Result<std::string> read_text(uint64_t address, size_t limit = 4096) const;
  bool has_capability(int number) const { return identity_.capabilities >> number & 1; }
  /// Is it in the container's own user namespace? In one made inside, everybody has all capabilities.
  bool in_container(const Order& order) const;
  /// Is it root in its user namespace?
  bool is_inner_root() const;
  /// The host's id for an id in its user namespace, by "uid_map" or "gid_map"; nothing if not mapped.
  std::optional<uint64_t> host_id(const char* map, uint64_t id) const;

  /// Opens a file of its /proc folder: "ns/user", "fd/5".
  UniqueFd open_proc(const std::string& name, int flags) const;
  /// Runs `work` in a child that is the caller: namespaces, root, folder (its descriptor `folder`, unless AT_FDCWD), ids, capabilities. The
  /// descriptor it returns arrives here. Errors: with the caller's errno.
  Result<UniqueFd> open_as(const std::function<int()>& work, int folder) const;
  /// This process becomes the caller: for a child. `folder` as above. Errors: errno; then it must end.
  Result<> become(int folder) const;

 private:
  seccomp_notif request_{};
  Identity identity_;
  std::string status_text_;
};

/// A failed call's answer; kContinue for errors that are none of the caller's.
NotifyAnswer failed(const Error& error);
inline NotifyAnswer failed(int number) { return {.value = 0, .error = -number, .flags = 0}; }

NotifyAnswer emulate_mount(const Caller& caller, const Order& order);
NotifyAnswer emulate_bpf(const Caller& caller, const Order& order);
NotifyAnswer emulate_sysinfo(const Caller& caller, const Order& order);

}  // namespace syscalls
