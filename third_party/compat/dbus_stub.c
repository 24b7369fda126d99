/* What liblxc wants from libdbus: asking a user's systemd for a scope, which it does for callers other than root only. Here every such call fails. */
#define ABSENT(name) \
  void *name(void) { return 0; }
ABSENT(dbus_bus_add_match) ABSENT(dbus_connection_flush) ABSENT(dbus_connection_open) ABSENT(dbus_connection_pop_message)
ABSENT(dbus_connection_read_write) ABSENT(dbus_connection_send) ABSENT(dbus_connection_send_with_reply) ABSENT(dbus_connection_unref)
ABSENT(dbus_error_free) ABSENT(dbus_error_init) ABSENT(dbus_error_is_set) ABSENT(dbus_message_is_signal)
ABSENT(dbus_message_iter_abandon_container) ABSENT(dbus_message_iter_append_basic) ABSENT(dbus_message_iter_close_container)
ABSENT(dbus_message_iter_get_arg_type) ABSENT(dbus_message_iter_get_basic) ABSENT(dbus_message_iter_init) ABSENT(dbus_message_iter_init_append)
ABSENT(dbus_message_iter_next) ABSENT(dbus_message_iter_open_container) ABSENT(dbus_message_new_method_call) ABSENT(dbus_message_unref)
ABSENT(dbus_pending_call_block) ABSENT(dbus_pending_call_steal_reply) ABSENT(dbus_pending_call_unref) ABSENT(dbus_threads_init_default)
