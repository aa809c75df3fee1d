/*
 * Folders of runs, cache/run/<id>, each with a lock that its process holds.
 */
#ifndef LNM_SCHED_RUN_FOLDER_H
#define LNM_SCHED_RUN_FOLDER_H

/* Removes the folders whose lock nobody holds, and kills what their runs left going. */
void run_folders_sweep(const char *runs);

#endif
