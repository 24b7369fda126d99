#include "storage/files.h"

#include "sys/beneath.h"
#include "sys/fd_passing.h"
#include "sys/idmap.h"
#include "sys/spawn.h"

namespace storage {

Result<FileConnection> connect_files(const Context& ctx, Pool& pool, const VolumeRef& ref, const StringMap& config) {
  if (ref.content != ContentType::filesystem) return fail(Code::invalid, "Volume {} holds no file system: its content type is {}", quote(ref.name), content_type_name(ref.content));
  struct Hold {
    Mounted mounted;
    sys::Child helper;
  };
  auto hold = std::make_shared<Hold>();
  hold->mounted = TRY(pool.mount(ctx, ref));
  UniqueFd root = TRY(sys::open_directory(hold->mounted.path));
  auto [ours, theirs] = TRY(sys::socket_pair());
  sys::SpawnSpec spec = sys::self_spec("forkfile", {"stopped"});
  std::string map = get_or(config, "volatile.idmap.last");
  if (!TRY(sys::IdMap::from_json(map)).empty()) spec.argv.push_back(map);
  spec.environment = StringList{};
  spec.stdin_fd = spec.stdout_fd = theirs.get();
  spec.fds = {{root.get(), 3}};
  hold->helper = TRY(sys::spawn(spec));
  return FileConnection{std::move(ours), std::move(hold)};
}

}  // namespace storage
