/* The only two symbols libdbus-1.a wants from libsystemd: server-side socket activation, which nothing here uses. */
int sd_listen_fds(int unset) {
  (void)unset;
  return 0;
}

int sd_is_socket(int fd, int family, int type, int listening) {
  (void)fd;
  (void)family;
  (void)type;
  (void)listening;
  return 0;
}
