/* The granules of the world `small` as a toy: seven granules, one Realm with one REC and two pages, and what Host, Realm and EL3 do with
   them. It has states of granules and entries, and none of what is in them: no structures, registers, measurements or statuses. */
#ifndef N
#define N 7
#endif
#define NONE 255

mtype = { NS, SECURE, ROOT, DELEGATED, RD, REC, RTT, DATA };     /* granules */
mtype = { ABSENT, NEW, ACTIVE, OFF };                            /* the Realm */
mtype = { UNASSIGNED, ASSIGNED, SHARED };                        /* entries */
mtype = { EMPTY, RAM, DESTROYED };                               /* RIPAS */

mtype state[N] = NS;
bool dirty[N];
mtype realm = ABSENT;
byte rd = NONE, rec = NONE, top = NONE;
byte level2[2] = NONE, level3[2] = NONE;                         /* the tables of both halves */
mtype entry[2] = UNASSIGNED, ripas[2] = EMPTY;
byte page[2] = NONE;
bool asked, runnable;

byte g, h, i, n;                                                 /* 0 between two moves */

inline pick(x) { x = 0; do :: x < N - 1 -> x++ :: break od }
inline half(x) { if :: x = 0 :: x = 1 fi }

/* Every granule that is the Realm's is so in one place, and what the Host has is none of it. */
inline check() {
  d_step {
    g = 0;
    do
    :: g < N ->
      n = (g == rd) + (g == rec) + (g == top);
      i = 0;
      do
      :: i < 2 -> n = n + (g == level2[i]) + (g == level3[i]) + (entry[i] == ASSIGNED && g == page[i]); i++
      :: else -> break
      od;
      assert(n == (state[g] == RD || state[g] == REC || state[g] == RTT || state[g] == DATA));
      assert(state[g] != DELEGATED || !dirty[g]);
      g++
    :: else -> break
    od;
    assert((realm == ABSENT) == (rd == NONE));
    g = 0; h = 0; i = 0; n = 0
  }
}

active proctype machine() {
  do
  :: atomic { pick(g); if :: state[g] == NS -> state[g] = DELEGATED; dirty[g] = 0 :: else fi; check() }
  :: atomic { pick(g); if :: state[g] == DELEGATED -> state[g] = NS :: else fi; check() }
  :: atomic { pick(g); pick(h);                                  /* REALM_CREATE */
       if
       :: realm == ABSENT && g != h && state[g] == DELEGATED && state[h] == DELEGATED ->
         realm = NEW; rd = g; top = h; state[g] = RD; state[h] = RTT; dirty[g] = 1
       :: else
       fi; check() }
  :: atomic {                                                        /* REALM_ACTIVATE */
       skip; if :: realm == NEW -> realm = ACTIVE :: else fi; check() }
  :: atomic { pick(g);                                           /* REC_CREATE */
       if
       :: realm == NEW && rec == NONE && state[g] == DELEGATED -> rec = g; state[g] = REC; dirty[g] = 1; runnable = 1
       :: else
       fi; check() }
  :: atomic {                                                        /* REC_DESTROY */
       skip; if :: rec != NONE -> state[rec] = DELEGATED; dirty[rec] = 0; rec = NONE; runnable = 0; asked = 0 :: else fi; check() }
  :: atomic { half(i); pick(g);                                  /* RTT_CREATE */
       if
       :: realm != ABSENT && state[g] == DELEGATED && level2[i] == NONE -> level2[i] = g; state[g] = RTT; dirty[g] = 1
       :: realm != ABSENT && state[g] == DELEGATED && level2[i] != NONE && level3[i] == NONE ->
         level3[i] = g; state[g] = RTT; dirty[g] = 1
       :: else
       fi; check() }
  :: atomic { half(i);                                           /* RTT_DESTROY */
       if
       :: level3[i] != NONE && entry[i] == UNASSIGNED ->
         state[level3[i]] = DELEGATED; dirty[level3[i]] = 0; level3[i] = NONE; ripas[i] = DESTROYED
       :: level3[i] == NONE && level2[i] != NONE ->
         state[level2[i]] = DELEGATED; dirty[level2[i]] = 0; level2[i] = NONE; ripas[i] = DESTROYED
       :: else
       fi; check() }
  :: atomic {                                                        /* RTT_INIT_RIPAS */
       skip; if :: realm == NEW && level3[0] != NONE && entry[0] == UNASSIGNED -> ripas[0] = RAM :: else fi; check() }
  :: atomic { pick(g);                                           /* DATA_CREATE, DATA_CREATE_UNKNOWN */
       if
       :: level3[0] != NONE && entry[0] == UNASSIGNED && state[g] == DELEGATED ->
         entry[0] = ASSIGNED; page[0] = g; state[g] = DATA; if :: realm == NEW -> ripas[0] = RAM; dirty[g] = 1 :: else fi
       :: else
       fi; check() }
  :: atomic {                                                        /* DATA_DESTROY */
       skip; if
       :: entry[0] == ASSIGNED ->
         state[page[0]] = DELEGATED; dirty[page[0]] = 0; page[0] = NONE; entry[0] = UNASSIGNED;
         if :: ripas[0] == RAM -> ripas[0] = DESTROYED :: else fi
       :: else
       fi; check() }
  :: atomic { pick(g);                                           /* RTT_MAP_UNPROTECTED */
       if
       :: level3[1] != NONE && entry[1] == UNASSIGNED && state[g] == NS -> entry[1] = SHARED; page[1] = g
       :: else
       fi; check() }
  :: atomic {                                                        /* RTT_UNMAP_UNPROTECTED */
       skip; if :: entry[1] == SHARED -> entry[1] = UNASSIGNED; page[1] = NONE :: else fi; check() }
  :: atomic {                                                        /* REALM_DESTROY */
       skip; if
       :: realm != ABSENT && rec == NONE && level2[0] == NONE && level2[1] == NONE ->
         realm = ABSENT; state[rd] = DELEGATED; state[top] = DELEGATED; dirty[rd] = 0; dirty[top] = 0; rd = NONE; top = NONE;
         ripas[0] = EMPTY; ripas[1] = EMPTY
       :: else
       fi; check() }
  :: atomic {                                                        /* REC_ENTER: the Realm writes, asks for a RIPAS, or turns itself off */
       skip; if
       :: realm == ACTIVE && rec != NONE && runnable && entry[0] == ASSIGNED && ripas[0] == RAM -> dirty[page[0]] = 1
       :: realm == ACTIVE && rec != NONE && runnable && entry[1] == SHARED && state[page[1]] == NS -> dirty[page[1]] = 1
       :: realm == ACTIVE && rec != NONE && runnable -> asked = 1
       :: realm == ACTIVE && rec != NONE && runnable -> realm = OFF
       :: else
       fi; check() }
  :: atomic {                                                        /* RTT_SET_RIPAS */
       skip; if
       :: asked && level3[0] != NONE -> asked = 0; if :: ripas[0] = RAM :: ripas[0] = EMPTY fi
       :: else
       fi; check() }
  :: atomic { pick(g); if :: state[g] == NS -> dirty[g] = 1 :: else fi; check() }
  :: atomic { pick(g);                                           /* EL3 */
       if
       :: state[g] == NS || state[g] == SECURE || state[g] == ROOT -> if :: state[g] = NS :: state[g] = SECURE :: state[g] = ROOT fi
       :: else
       fi; check() }
  od
}
