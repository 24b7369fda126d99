// The process behind one virtual machine's socket device: `forkvsock CID`, with QEMU's vhost-user connection as descriptor 3 and the daemon's
// listening socket as descriptor 4. It goes into the background, outlives the daemon and ends with QEMU.
#include <unistd.h>

#include "applets/applet.h"
#include "base/strings.h"
#include "vsock/sandbox.h"
#include "vsock/service.h"

namespace {

constexpr int kQemu = 3, kControl = 4;

int serve(uint32_t cid, int ready) {
  if (!vsock::give_up_everything()) return 1;
  bool told = write(ready, "+", 1) == 1;
  close(ready);
  return told && vsock::run_service(cid, UniqueFd(kQemu), UniqueFd(kControl)) ? 0 : 1;
}

/// Exits with 0 as soon as a child of its own serves.
int run_forkvsock(const Args& args) {
  auto cid = args.size() == 1 ? parse_uint(args[0]) : std::nullopt;
  int ready[2];
  if (!cid || *cid <= 2 || *cid >= UINT32_MAX || pipe(ready) < 0) return 2;
  pid_t child = fork();
  if (child == 0) {
    close(ready[0]);
    _exit(serve(static_cast<uint32_t>(*cid), ready[1]));
  }
  close(ready[1]);
  char byte;
  return child > 0 && read(ready[0], &byte, 1) == 1 ? 0 : 1;
}

}  // namespace

extern const Applet forkvsock_applet;
const Applet forkvsock_applet = {.name = "forkvsock", .flags = kHidden | kEarly, .summary = "Serve a virtual machine's socket device", .run = run_forkvsock};
