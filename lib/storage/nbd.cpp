#include "storage/nbd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "storage/layout.h"
#include "sys/connect.h"
#include "sys/disk_claim.h"
#include "sys/spawn.h"

namespace storage {
namespace {

struct Hold {
  Mounted mounted;
  UniqueFd disk;  ///< keeps its claim
  sys::Child server;
};

struct Ends {
  UniqueFd listener, client;
};

/// A connected socket, and the listening one that its other end waits at: with a name that the kernel makes up and that is gone with the listener.
Result<Ends> make_ends(const Context& ctx) {
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  Ends ends{UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  // SAFETY: sockaddr_un is the address of this family; only its family is given, so that the kernel chooses (unix(7), autobind).
  auto address = reinterpret_cast<sockaddr*>(&name);
  socklen_t size = sizeof name;
  if (!ends.listener || !ends.client || bind(ends.listener.get(), address, sizeof(sa_family_t)) != 0 || listen(ends.listener.get(), 1) != 0 ||
      getsockname(ends.listener.get(), address, &size) != 0)
    return fail_errno("Failed making a socket");
  TRY(sys::connect_socket(ctx, ends.client.get(), address, size));
  return ends;
}

}  // namespace

Result<NbdConnection> connect_nbd(const Context& ctx, Pool& pool, const VolumeRef& ref, bool writable) {
  auto program = sys::find_program("qemu-nbd");
  if (!program) return fail(Code::unsupported, "Access to disks over NBD needs the program qemu-nbd (package qemu-utils)");
  auto hold = std::make_shared<Hold>();
  hold->mounted = TRY(pool.mount(ctx, ref));
  std::string path = hold->mounted.path;
  if (ref.type == VolumeType::virtual_machine) path += "/" + disk_name(ContentType::block);
  hold->disk.reset(open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW));
  if (!hold->disk) return fail_errno("Failed opening disk " + path);
  TRY(sys::claim_disk(hold->disk.get(), path, writable));
  Ends ends = TRY(make_ends(ctx));
  sys::SpawnSpec spec = sys::self_spec("forknbd", {*program, writable ? "rw" : "ro"});
  spec.environment = StringList{"LC_ALL=C"};
  spec.fds = {{ends.listener.get(), 3}, {hold->disk.get(), 4}};
  hold->server = TRY(sys::spawn(spec));
  return NbdConnection{std::move(ends.client), std::move(hold)};
}

}  // namespace storage
