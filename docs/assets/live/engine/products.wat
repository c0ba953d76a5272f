;; The products of float32, four numbers at a time (WebAssembly SIMD): linear layers for several
;; positions, and attention.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js
;; says the same in plain JavaScript, function by function: read it first. rows.wat and bytes.wat
;; have those with weights of 4 and 8 bits.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

  ;; Six rows of W with two positions of x at a time, so that a number that was read serves several products:
  ;; with these twelve sums the registers of a processor are full. `last` is where the last position begins,
  ;; `bytes` what a row takes. When the count of positions is odd, the last is computed twice.
  (func $six (param $w i32) (param $x i32) (param $last i32) (param $bytes i32) (param $out i32) (param $stride i32)
    (local $i i32) (local $x2 i32) (local $out2 i32)
    (local $w1 i32) (local $w2 i32) (local $w3 i32) (local $w4 i32) (local $w5 i32)
    (local $a v128) (local $b v128) (local $v v128)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $a4 v128) (local $a5 v128)
    (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128) (local $b4 v128) (local $b5 v128)
    (local.set $w1 (i32.add (local.get $w) (local.get $bytes)))
    (local.set $w2 (i32.add (local.get $w1) (local.get $bytes)))
    (local.set $w3 (i32.add (local.get $w2) (local.get $bytes)))
    (local.set $w4 (i32.add (local.get $w3) (local.get $bytes)))
    (local.set $w5 (i32.add (local.get $w4) (local.get $bytes)))
    (loop $positions2
      (local.set $x2 (local.get $x))
      (local.set $out2 (local.get $out))
      (if (i32.lt_u (local.get $x) (local.get $last)) (then
        (local.set $x2 (i32.add (local.get $x) (local.get $bytes)))
        (local.set $out2 (i32.add (local.get $out) (local.get $stride)))))
      (local.set $a0 (v128.const i32x4 0 0 0 0)) (local.set $b0 (v128.const i32x4 0 0 0 0))
      (local.set $a1 (v128.const i32x4 0 0 0 0)) (local.set $b1 (v128.const i32x4 0 0 0 0))
      (local.set $a2 (v128.const i32x4 0 0 0 0)) (local.set $b2 (v128.const i32x4 0 0 0 0))
      (local.set $a3 (v128.const i32x4 0 0 0 0)) (local.set $b3 (v128.const i32x4 0 0 0 0))
      (local.set $a4 (v128.const i32x4 0 0 0 0)) (local.set $b4 (v128.const i32x4 0 0 0 0))
      (local.set $a5 (v128.const i32x4 0 0 0 0)) (local.set $b5 (v128.const i32x4 0 0 0 0))
      (local.set $i (i32.const 0))
      (loop $along
        (local.set $a (v128.load (i32.add (local.get $x) (local.get $i))))
        (local.set $b (v128.load (i32.add (local.get $x2) (local.get $i))))
        (local.set $v (v128.load (i32.add (local.get $w) (local.get $i))))
        (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $v) (local.get $a))))
        (local.set $b0 (f32x4.add (local.get $b0) (f32x4.mul (local.get $v) (local.get $b))))
        (local.set $v (v128.load (i32.add (local.get $w1) (local.get $i))))
        (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $v) (local.get $a))))
        (local.set $b1 (f32x4.add (local.get $b1) (f32x4.mul (local.get $v) (local.get $b))))
        (local.set $v (v128.load (i32.add (local.get $w2) (local.get $i))))
        (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $v) (local.get $a))))
        (local.set $b2 (f32x4.add (local.get $b2) (f32x4.mul (local.get $v) (local.get $b))))
        (local.set $v (v128.load (i32.add (local.get $w3) (local.get $i))))
        (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $v) (local.get $a))))
        (local.set $b3 (f32x4.add (local.get $b3) (f32x4.mul (local.get $v) (local.get $b))))
        (local.set $v (v128.load (i32.add (local.get $w4) (local.get $i))))
        (local.set $a4 (f32x4.add (local.get $a4) (f32x4.mul (local.get $v) (local.get $a))))
        (local.set $b4 (f32x4.add (local.get $b4) (f32x4.mul (local.get $v) (local.get $b))))
        (local.set $v (v128.load (i32.add (local.get $w5) (local.get $i))))
        (local.set $a5 (f32x4.add (local.get $a5) (f32x4.mul (local.get $v) (local.get $a))))
        (local.set $b5 (f32x4.add (local.get $b5) (f32x4.mul (local.get $v) (local.get $b))))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br_if $along (i32.lt_u (local.get $i) (local.get $bytes))))
      ;; The four lanes of each: two sums are half made together, then four.
      (local.set $a0 (f32x4.add (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a1))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a1))))
      (local.set $a2 (f32x4.add (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a3))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a3))))
      (local.set $a4 (f32x4.add (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a4) (local.get $a5))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a4) (local.get $a5))))
      (v128.store (local.get $out) (f32x4.add (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a0) (local.get $a2))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a0) (local.get $a2))))
      (v128.store64_lane offset=16 0 (local.get $out) (f32x4.add (local.get $a4)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a4) (local.get $a4))))
      (local.set $b0 (f32x4.add (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b0) (local.get $b1))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b0) (local.get $b1))))
      (local.set $b2 (f32x4.add (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b2) (local.get $b3))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b2) (local.get $b3))))
      (local.set $b4 (f32x4.add (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b4) (local.get $b5))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b4) (local.get $b5))))
      (v128.store (local.get $out2) (f32x4.add (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $b0) (local.get $b2))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $b0) (local.get $b2))))
      (v128.store64_lane offset=16 0 (local.get $out2) (f32x4.add (local.get $b4)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $b4) (local.get $b4))))
      (local.set $out (i32.add (local.get $out2) (local.get $stride)))
      (local.set $x (i32.add (local.get $x2) (local.get $bytes)))
      (br_if $positions2 (i32.le_u (local.get $x) (local.get $last)))))

  ;; out = x · Wᵀ in float32. `width` is a multiple of 4, and there are at least six rows: where some are left
  ;; over, the last six are computed, of which some have been.
  (func (export "product") (param $w i32) (param $rows i32) (param $x i32) (param $positions i32)
      (param $width i32) (param $out i32) (param $stride i32)
    (local $bytes i32) (local $last i32)
    (local.set $bytes (i32.mul (local.get $width) (i32.const 4)))
    (local.set $last (i32.add (local.get $x) (i32.mul (i32.sub (local.get $positions) (i32.const 1)) (local.get $bytes))))
    (loop $rows6
      (call $six (local.get $w) (local.get $x) (local.get $last) (local.get $bytes) (local.get $out) (local.get $stride))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 6)))
      (local.set $w (i32.add (local.get $w) (i32.mul (local.get $bytes) (i32.const 6))))
      (local.set $out (i32.add (local.get $out) (i32.const 24)))
      (br_if $rows6 (i32.ge_s (local.get $rows) (i32.const 6))))
    (if (i32.gt_s (local.get $rows) (i32.const 0)) (then
      (local.set $rows (i32.sub (i32.const 6) (local.get $rows)))
      (call $six (i32.sub (local.get $w) (i32.mul (local.get $rows) (local.get $bytes))) (local.get $x) (local.get $last) (local.get $bytes)
        (i32.sub (local.get $out) (i32.mul (local.get $rows) (i32.const 4))) (local.get $stride)))))

  ;; Attention, one query of one head: out[j] = query · key[slot[j]], for `count` slots.
  (func (export "scores") (param $query i32) (param $keys i32) (param $slots i32) (param $count i32)
      (param $width i32) (param $stride i32) (param $out i32)
    (local $key i32) (local $at i32) (local $end i32) (local $last i32) (local $total v128)
    (local.set $last (i32.add (local.get $slots) (i32.mul (local.get $count) (i32.const 4))))
    (local.set $end (i32.add (local.get $query) (i32.mul (local.get $width) (i32.const 4))))
    (loop $slot
      (local.set $key (i32.add (local.get $keys) (i32.mul (i32.load (local.get $slots)) (local.get $stride))))
      (local.set $at (local.get $query))
      (local.set $total (v128.const i32x4 0 0 0 0))
      (loop $along
        (local.set $total (f32x4.add (local.get $total) (f32x4.add
          (f32x4.mul (v128.load (local.get $at)) (v128.load (local.get $key)))
          (f32x4.mul (v128.load offset=16 (local.get $at)) (v128.load offset=16 (local.get $key))))))
        (local.set $key (i32.add (local.get $key) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $along (i32.lt_u (local.get $at) (local.get $end))))
      (f32.store (local.get $out) (call $sum (local.get $total)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $slots (i32.add (local.get $slots) (i32.const 4)))
      (br_if $slot (i32.lt_u (local.get $slots) (local.get $last)))))

  ;; Attention, one query of one head: out = Σ weights[j] · value[slot[j]], 16 numbers at a time.
  (func (export "mix") (param $weights i32) (param $values i32) (param $slots i32) (param $count i32)
      (param $width i32) (param $stride i32) (param $out i32)
    (local $value i32) (local $j i32) (local $end i32) (local $last i32) (local $weight v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $last (i32.mul (local.get $count) (i32.const 4)))
    (local.set $end (i32.add (local.get $out) (i32.mul (local.get $width) (i32.const 4))))
    (loop $sixteen
      (local.set $a (v128.const i32x4 0 0 0 0)) (local.set $b (v128.const i32x4 0 0 0 0))
      (local.set $c (v128.const i32x4 0 0 0 0)) (local.set $d (v128.const i32x4 0 0 0 0))
      (local.set $j (i32.const 0))
      (loop $slot
        (local.set $weight (v128.load32_splat (i32.add (local.get $weights) (local.get $j))))
        (local.set $value (i32.add (local.get $values)
          (i32.mul (i32.load (i32.add (local.get $slots) (local.get $j))) (local.get $stride))))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $weight) (v128.load (local.get $value)))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $weight) (v128.load offset=16 (local.get $value)))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $weight) (v128.load offset=32 (local.get $value)))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $weight) (v128.load offset=48 (local.get $value)))))
        (local.set $j (i32.add (local.get $j) (i32.const 4)))
        (br_if $slot (i32.lt_u (local.get $j) (local.get $last))))
      (v128.store (local.get $out) (local.get $a)) (v128.store offset=16 (local.get $out) (local.get $b))
      (v128.store offset=32 (local.get $out) (local.get $c)) (v128.store offset=48 (local.get $out) (local.get $d))
      (local.set $values (i32.add (local.get $values) (i32.const 64)))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (br_if $sixteen (i32.lt_u (local.get $out) (local.get $end))))))
