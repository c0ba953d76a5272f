;; What reads weights of 8 bits without blocks, four numbers at a time (WebAssembly SIMD): whole
;; numbers from -128 to 127. Whoever calls divides by the multiplier of the matrix afterwards.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js
;; says the same in plain JavaScript, function by function: read it first.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

  ;; `width` bytes with a sign → float32. `width` is a multiple of 8.
  (func (export "unpackI8") (param $from i32) (param $to i32) (param $width i32)
    (local $end i32) (local $q v128)
    (local.set $end (i32.add (local.get $from) (local.get $width)))
    (loop $eight
      (local.set $q (v128.load8x8_s (local.get $from)))
      (v128.store (local.get $to) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $q))))
      (v128.store offset=16 (local.get $to) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $q))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $eight (i32.lt_u (local.get $from) (local.get $end)))))

  ;; out = W · x for one position, straight from the bytes. Two rows go together, so that each
  ;; vector of x is read once for both; `rows` is even, `width` a multiple of 16.
  (func (export "rowsI8") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32)
    (local $to i32) (local $at i32) (local $end i32) (local $w2 i32)
    (local $q v128) (local $p v128) (local $v v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $to (i32.add (local.get $out) (i32.mul (local.get $rows) (i32.const 4))))
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 4))))
    (loop $rows2
      (local.set $w2 (i32.add (local.get $w) (local.get $width)))
      (local.set $at (local.get $x))
      (local.set $a (v128.const i32x4 0 0 0 0)) (local.set $b (v128.const i32x4 0 0 0 0))
      (local.set $c (v128.const i32x4 0 0 0 0)) (local.set $d (v128.const i32x4 0 0 0 0))
      (loop $sixteen
        (local.set $q (v128.load8x8_s (local.get $w)))
        (local.set $p (v128.load8x8_s (local.get $w2)))
        (local.set $v (v128.load (local.get $at)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $q))))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $p))))))
        (local.set $v (v128.load offset=16 (local.get $at)))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $q))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $p))))))
        (local.set $q (v128.load8x8_s offset=8 (local.get $w)))
        (local.set $p (v128.load8x8_s offset=8 (local.get $w2)))
        (local.set $v (v128.load offset=32 (local.get $at)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $q))))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $p))))))
        (local.set $v (v128.load offset=48 (local.get $at)))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $q))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $p))))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $w2 (i32.add (local.get $w2) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br_if $sixteen (i32.lt_u (local.get $at) (local.get $end))))
      (f32.store (local.get $out) (call $sum (f32x4.add (local.get $a) (local.get $b))))
      (f32.store offset=4 (local.get $out) (call $sum (f32x4.add (local.get $c) (local.get $d))))
      (local.set $w (local.get $w2))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $rows2 (i32.lt_u (local.get $out) (local.get $to))))))
