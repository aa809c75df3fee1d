/* A folder of a test's own, as cmocka's setup and teardown: *state is its path. */
#ifndef LNM_TESTS_TEMP_H
#define LNM_TESTS_TEMP_H

int temp_setup(void **state);
int temp_teardown(void **state);

#endif
