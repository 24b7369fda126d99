#include "applets/image/chroot.h"

#include <sys/mman.h>
#include <unistd.h>

#include "archive/stream.h"
#include "sys/spawn.h"

namespace builder {

Result<> run_in_root(const Context& ctx, const std::string& root, const std::string& script, const StringMap& environment, const std::string& what) {
  UniqueFd input(memfd_create("script", MFD_CLOEXEC));
  if (!input) return fail_errno("Cannot keep a script");
  TRY(archive::sink_to_fd(input.get())(script));
  lseek(input.get(), 0, SEEK_SET);
  sys::SpawnSpec spec = sys::self_spec("forkbuild", {root});
  spec.stdin_fd = input.get();
  spec.stdout_fd = STDOUT_FILENO;
  spec.stderr_fd = STDERR_FILENO;
  spec.environment = StringList{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive"};
  for (const auto& [key, value] : environment) spec.environment->push_back(key + "=" + value);
  for (const char* name : {"SOURCE_DATE_EPOCH", "http_proxy", "https_proxy", "no_proxy"}) {
    if (const char* value = getenv(name)) spec.environment->push_back(std::string(name) + "=" + value);
  }
  sys::Child child = TRY(sys::spawn(spec));
  auto status = TRY(child.wait(ctx));
  return status.ok() ? Result<>() : fail(Code::invalid, "{} failed with exit status {}", what, status.shell_code());
}

}  // namespace builder
