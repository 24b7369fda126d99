#include "applets/daemon/boot/storage.h"

#include "image/store.h"
#include "storage/pool.h"

namespace incusd {

void open_storage(Daemon& daemon) {
  daemon.pools = storage::Pools::create({.paths = daemon.paths, .global = *daemon.global, .events = daemon.events, .runtime = daemon.runtime});
  daemon.images = image::Store::create({.paths = daemon.paths,
                                        .global = *daemon.global,
                                        .events = daemon.events,
                                        .projects = *daemon.projects,
                                        .server_config = [&daemon] { return *daemon.config.get(); }});
  daemon.images->on_gone = [&daemon](const std::string& fingerprint) { daemon.pools->forget_image(fingerprint); };
}

void start_storage(Daemon& daemon) {
  daemon.images->sweep();
  daemon.pools->start(Context());
}

}  // namespace incusd
